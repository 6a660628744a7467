"""Bradley–Terry: who beats whom, judge by judge; only the order a judge gives counts, so severity cannot matter.

Each pair of entries that a judge scored is a comparison, won by the higher score, halved when equal. Strengths are the mode of the
posterior under a normal prior, which keeps an entry finite that always wins (Bradley and Terry 1952; Caron and Doucet 2012).
"""

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.special import expit

from vehiclenest.contest.scoring.sheet import Floats, Integers, Outcome, Sheet, require_connected
from vehiclenest.contest.scoring.table import number
from vehiclenest.core.errors import ConflictError

NAME = "the pairwise scheme"


def pairwise(sheet: Sheet) -> Outcome:
    """Return for each entry the share of points it is expected to win against an average entry, times 100.

    An entry that was compared with no other is not ranked.

    Raises
    ------
    ConflictError
        Where the plan is not connected, or there are more comparisons than a computer holds.
    """
    require_connected(sheet, NAME)
    first, second, wins = _comparisons(sheet)
    ranked = np.bincount(first, minlength=sheet.entries) > 0
    strength = _strengths(sheet.entries, first, second, wins)
    strength = strength - (strength[ranked].mean() if ranked.any() else 0.0)
    value = np.where(ranked, 100 * expit(strength), 0.0)
    return Outcome(np.rint(value * 100).astype(np.int64), value, ranked, facts={"comparisons": float(wins.sum())})


def _comparisons(sheet: Sheet) -> tuple[Integers, Integers, Floats]:
    """Return pairs (first, second) and how often first won over second, every ordered pair that was compared."""
    count = sheet.scores_of_judge
    pairs, most = int((count * (count - 1)).sum()), int(number("pairwise", "most_comparisons"))
    if pairs > most:
        raise ConflictError(f"{pairs} comparisons are too many for {NAME}", expected=f"up to {most}: fewer entries a judge")
    order = np.argsort(sheet.judge, kind="stable")
    entry, millionths = sheet.entry[order], sheet.millionths[order]
    ends = np.cumsum(count)
    first: list[Integers] = []
    second: list[Integers] = []
    won: list[Floats] = []
    for begin, end in zip(ends - count, ends, strict=True):
        here, marks = entry[begin:end], millionths[begin:end]
        one, other = np.nonzero(~np.eye(len(here), dtype=bool))
        first.append(here[one])
        second.append(here[other])
        won.append((np.sign(marks[one] - marks[other]) + 1) / 2)
    shape = (sheet.entries, sheet.entries)
    index = np.concatenate(first or [np.zeros(0, np.int64)]), np.concatenate(second or [np.zeros(0, np.int64)])
    both = csr_array(coo_array((np.ones(len(index[0])), index), shape=shape)).tocoo()
    table = csr_array(coo_array((np.concatenate(won or [np.zeros(0)]), index), shape=shape))
    at = both.row.astype(np.int64), both.col.astype(np.int64)
    return *at, np.asarray(table[at], dtype=np.float64).ravel() if len(at[0]) else np.zeros(0)


def _strengths(entries: int, first: Integers, second: Integers, wins: Floats) -> Floats:
    from scipy.optimize import minimize  # takes longer to import than a base takes to start without it

    prior = 1 / number("pairwise", "prior_deviation") ** 2

    def loss(strength: Floats) -> tuple[float, Floats]:
        ahead = strength[first] - strength[second]
        slope = wins * expit(-ahead)
        value = float(wins @ np.logaddexp(0.0, -ahead)) + 0.5 * prior * float(strength @ strength)
        return value, prior * strength - np.bincount(first, slope, entries) + np.bincount(second, slope, entries)

    tolerance = number("pairwise", "solver_tolerance")
    options: Any = {"gtol": tolerance, "ftol": 0.0, "maxiter": 10_000}
    found: Any = minimize(loss, np.zeros(entries), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x, dtype=np.float64)
