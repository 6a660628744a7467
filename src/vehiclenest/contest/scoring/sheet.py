"""A sheet of scores as arrays, exact to a millionth of a point, and what a scheme makes of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from vehiclenest.core.errors import ConflictError, InputError

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MILLIONTHS = 1_000_000  # of a point: marks of two decimals times weights of four stay whole numbers
_MILLIONTHS_A_HUNDREDTH = MILLIONTHS // 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """Scores of one group in one stage; a judge scores an entry at most once.

    Parameters
    ----------
    entries, judges
        How many there are; each is a number from 0.
    entry, judge
        Who was scored and who scored, shape (scores,).
    millionths
        The scores, in millionths of a point, shape (scores,).
    """

    entries: int
    judges: int
    entry: Integers
    judge: Integers
    millionths: Integers

    def __post_init__(self) -> None:
        if not len(self.entry) == len(self.judge) == len(self.millionths):
            raise InputError("entry, judge and score differ in length", expected="one of each a score")
        for name, numbers, count in (("entry", self.entry, self.entries), ("judge", self.judge, self.judges)):
            if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < count:
                raise InputError(f"an {name} is numbered outside 0 to {count - 1}", expected="numbers from 0")
        pairs = np.sort(self.entry * self.judges + self.judge)
        if np.any(pairs[1:] == pairs[:-1]):
            raise InputError("a judge scores an entry twice", expected="one score a judge and entry")

    @property
    def points(self) -> Floats:
        """The scores in points."""
        return self.millionths / MILLIONTHS

    @property
    def scores_of_entry(self) -> Integers:
        """How many scores each entry has, shape (entries,)."""
        return np.bincount(self.entry, minlength=self.entries).astype(np.int64)

    @property
    def scores_of_judge(self) -> Integers:
        """How many entries each judge scored, shape (judges,)."""
        return np.bincount(self.judge, minlength=self.judges).astype(np.int64)

    def incidence(self) -> "csr_array[Any, tuple[int, int]]":
        """Return who scored whom as ones, shape (entries, judges)."""
        return csr_array((np.ones(len(self.entry)), (self.entry, self.judge)), shape=(self.entries, self.judges))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scheme makes of a sheet; arrays of shape (entries,), but `severity` of shape (judges,).

    Parameters
    ----------
    hundredths
        Results as whole hundredths, rounded half-even; meaningless where not `ranked`.
    value
        The same before rounding.
    ranked
        Which entries have a result.
    deviation
        Standard deviation of `value`, where the scheme knows it.
    severity
        What each judge gives above the others, in points; None where the scheme does not correct for it.
    facts
        What the scheme found out on the way, by name (variances, numbers of steps).
    """

    hundredths: Integers
    value: Floats
    ranked: NDArray[np.bool_]
    deviation: Floats | None = None
    severity: Floats | None = None
    facts: dict[str, float] | None = None


def half_even(total: Integers, count: Integers) -> Integers:
    """Return millionths `total` / `count` as whole hundredths, rounded half-even without ever leaving whole numbers."""
    divisor = count * _MILLIONTHS_A_HUNDREDTH
    quotient, rest = np.divmod(total, divisor)
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (quotient % 2 == 1))
    return quotient + up


def islands(entries: int, judges: int, entry: Integers, judge: Integers) -> tuple[int, Integers]:
    """Return how many islands the plan falls into, and the island of each entry; who has no score is an island of its own.

    Two entries are in one island where a chain of common judges leads from one to the other.
    """
    size = entries + judges
    graph = coo_array((np.ones(len(entry)), (entry, entries + judge)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    of_entry = np.asarray(labels[:entries], dtype=np.int64)
    return len(np.unique(of_entry)), of_entry


def require_connected(sheet: Sheet, scheme: str) -> None:
    """Raise `ConflictError` where entries that have scores fall into islands that no judge connects."""
    scored = np.unique(sheet.entry)
    count = len(np.unique(islands(sheet.entries, sheet.judges, sheet.entry, sheet.judge)[1][scored]))
    if count > 1:
        raise ConflictError(
            f"the judging plan falls into {count} islands that no judge connects: {scheme} cannot compare across them",
            expected="a connected plan: contest assign makes one",
        )
