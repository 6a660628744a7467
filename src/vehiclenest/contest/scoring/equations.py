"""Henderson's mixed-model equations of one sheet: y = mean + entry + judge + rest, all but the mean random and independent.

The entries are eliminated, which leaves one equation a judge: dense below a number of judges, by conjugate gradients above it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, cg

from vehiclenest.contest.scoring.sheet import Floats, Integers
from vehiclenest.contest.scoring.table import number


@dataclass(frozen=True, slots=True)
class Variances:
    """Variance of entries, of judges' severity and of the rest, in points squared."""

    entry: float
    judge: float
    rest: float


class Equations:
    """One sheet in which every entry and every judge has a score.

    Parameters
    ----------
    entry, judge
        Numbers from 0, shape (scores,).
    points
        The scores less their mean, shape (scores,).
    """

    def __init__(self, entry: Integers, judge: Integers, points: Floats) -> None:
        self.entry, self.judge, self.points = entry, judge, points
        self.ones: csr_array[Any, tuple[int, int]] = csr_array((np.ones(len(entry)), (entry, judge)))
        self.transposed: csr_array[Any, tuple[int, int]] = csr_array(self.ones.T)
        self.of_entry: Floats = np.bincount(entry).astype(np.float64)
        self.of_judge: Floats = np.bincount(judge).astype(np.float64)

    @property
    def dense(self) -> bool:
        """Whether there are so few judges that their equations are written out."""
        return len(self.of_judge) <= number("severity", "dense_judges")

    def solve(self, points: Floats, shrink_entry: float, shrink_judge: float) -> tuple[Floats, Floats]:
        """Return effects of entries and judges for scores `points`; `shrink` is variance of the rest over variance of the effect.

        Without shrinkage they are least squares, with judges of mean 0.
        """
        per_entry = 1 / (self.of_entry + shrink_entry)
        entry_sums = np.bincount(self.entry, points)
        right = np.asarray(np.bincount(self.judge, points) - self.transposed @ (per_entry * entry_sums), dtype=np.float64)
        judge = self._solver(shrink_entry, shrink_judge)(right)
        if not shrink_judge:
            judge = judge - judge.mean()
        return per_entry * (entry_sums - self.ones @ judge), judge

    def _solver(self, shrink_entry: float, shrink_judge: float) -> Callable[[Floats], Floats]:
        if self.dense and shrink_judge:
            matrix = self.matrix(shrink_entry, shrink_judge)
            return lambda right: np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
        per_entry = 1 / (self.of_entry + shrink_entry)
        pivots = self.pivots(shrink_entry, shrink_judge)
        judges = len(self.of_judge)

        def reduced(effects: Floats) -> Floats:
            return (self.of_judge + shrink_judge) * effects - self.transposed @ (per_entry * (self.ones @ effects))

        def scaled(right: Floats) -> Floats:
            return right / pivots

        def by_conjugate_gradients(right: Floats) -> Floats:
            found, _ = cg(
                LinearOperator((judges, judges), matvec=reduced, dtype=np.float64),
                right,
                rtol=number("severity", "solver_tolerance"),
                maxiter=10 * judges + 100,
                M=LinearOperator((judges, judges), matvec=scaled, dtype=np.float64),
            )
            return np.asarray(found, dtype=np.float64)

        return by_conjugate_gradients

    def matrix(self, shrink_entry: float, shrink_judge: float) -> Floats:
        """Return the judges' equations written out, shape (judges, judges)."""
        together = sum((shared / (count + shrink_entry) for count, shared in self._shared), start=np.zeros(()))
        return np.diag(self.of_judge + shrink_judge) - together

    @cached_property
    def _shared(self) -> list[tuple[float, Floats]]:
        """How many entries of so many scores two judges share, by number of scores: most sheets have one or two such numbers."""
        return [
            (float(count), (self.transposed @ diags_array((self.of_entry == count).astype(np.float64)) @ self.ones).toarray())
            for count in np.unique(self.of_entry)
        ]

    def pivots(self, shrink_entry: float, shrink_judge: float) -> Floats:
        """Return the diagonal of the judges' equations; a judge alone with his entries keeps a little of his own."""
        diagonal = self.of_judge + shrink_judge - self.transposed @ (1 / (self.of_entry + shrink_entry))
        return np.maximum(diagonal, number("severity", "least_share"))

    def deviation(self, found: Variances) -> Floats:
        """Return the standard deviation of each predicted entry against the truth, shape (entries,).

        Where the judges' equations are too many to write out, the judges are taken one by one, which is close where each has many
        entries.
        """
        shrink = found.rest / found.entry, found.rest / found.judge
        per_entry = 1 / (self.of_entry + shrink[0])
        if self.dense:
            spread = self.ones @ np.linalg.inv(self.matrix(*shrink))
            of_judges = np.bincount(self.entry, spread[self.entry, self.judge])
        else:
            of_judges = self.ones @ (1 / self.pivots(*shrink))
        return np.sqrt(found.rest * (per_entry + per_entry**2 * of_judges))
