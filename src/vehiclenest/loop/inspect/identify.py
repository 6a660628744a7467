"""Which of many parts a scan is of: a shortlist by what pairs of points say, a short search on each, then exact distances decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.descriptor import facets, likeness
from vehiclenest.loop.inspect.global_pose import Learnt, Start, find_pose, glance

_LISTED, _SETTLED = 24, 4


@dataclass(frozen=True)
class Match:
    """A part, by its number in the list that was asked, and the best pose of the scan on it."""

    number: int
    start: Start


def shortlist(points: NDArray[Any], learnt: Sequence[Learnt], most: int = _LISTED) -> list[int]:
    """Return the numbers of the parts that a scan (n, 3) in mm is most likely of, best first."""
    scan = facets(points, _size(points))
    order = np.argsort(-likeness(scan, [part.descriptor for part in learnt]), kind="stable")
    return [int(number) for number in order[:most]]


def identify(points: NDArray[Any], learnt: Sequence[Learnt], most: int = _SETTLED) -> list[Match]:
    """Return the parts that a scan (n, 3) in mm fits best, best first; what decides is in `Match.start`.

    Raises
    ------
    InputError
        Where the scan holds too few points.
    """
    scan = facets(points, _size(points))
    listed = shortlist(points, learnt)
    listed.sort(key=lambda number: glance(scan, learnt[number]))
    found = [Match(number, find_pose(points, learnt[number])[0]) for number in listed[:most]]
    return sorted(found, key=lambda match: -match.start.score)


def _size(points: NDArray[Any]) -> float:
    """Return the diagonal of the box around a scan's points but for outliers, in mm."""
    low, high = np.quantile(points[:: max(1, len(points) // 5_000)], (0.03, 0.97), axis=0)
    return float(np.linalg.norm(high - low))
