"""How sure a rank is: the interval that holds an entry's true rank, from predicted values and their deviations.

Given its own value, an entry's rank is one more than the number of others above it: a sum of independent chances, taken as normal.
This is averaged over quantiles of its own value. What two entries owe to a common judge counts in both, which widens the interval.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from vehiclenest.contest.scoring.sheet import Floats, Integers
from vehiclenest.contest.scoring.table import number


def rank_intervals(value: Floats, deviation: Floats, entries: Integers) -> list[tuple[int, int]]:
    """Return for each of `entries` the lowest and highest rank of an interval that covers its true rank nine times in ten.

    Parameters
    ----------
    value, deviation
        Of every ranked entry, shape (ranked,).
    entries
        Places in these arrays.
    """
    quantiles = int(number("cut_line", "quantiles"))
    normal = ndtri((np.arange(quantiles) + 0.5) / quantiles)
    spread = np.maximum(deviation, np.finfo(float).tiny)
    found: list[tuple[int, int]] = []
    for entry in entries:
        own = value[entry] + deviation[entry] * normal
        above = ndtr((value[None, :] - own[:, None]) / spread)
        above[:, entry] = 0.0
        expected = above.sum(axis=1)
        variance = expected - np.einsum("qe,qe->q", above, above)
        found.append(_interval(expected, np.sqrt(np.maximum(variance, np.finfo(float).tiny)), len(value)))
    return found


def _interval(expected: Floats, deviation: Floats, ranks: int) -> tuple[int, int]:
    tail = (1 - number("cut_line", "coverage")) / 2
    return _first_rank(expected, deviation, ranks, tail), _first_rank(expected, deviation, ranks, 1 - tail)


def _first_rank(expected: Floats, deviation: Floats, ranks: int, chance: float) -> int:
    """Return the first rank that the true one does not exceed with the given chance."""
    low, high = 1, ranks
    while low < high:
        middle = (low + high) // 2
        if float(ndtr((middle - 0.5 - expected) / deviation).mean()) >= chance:
            high = middle
        else:
            low = middle + 1
    return low
