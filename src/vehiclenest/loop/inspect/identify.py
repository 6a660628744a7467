"""Which of many parts a scan is of: a shortlist by what pairs of points say, a short search on each, then exact distances decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.descriptor import Facets, facets, likeness
from vehiclenest.loop.inspect.global_pose import LEAST_POINTS, Learnt, Start, find_pose, glance

_LISTED, _SETTLED = 40, 5
_LEAST_FACETS = 30


@dataclass(frozen=True)
class Match:
    """A part, by its number in the list that was asked, and the best pose of the scan on it."""

    number: int
    start: Start


def shortlist(points: NDArray[Any], learnt: Sequence[Learnt], most: int = _LISTED) -> list[int]:
    """Return the numbers of the parts that a scan (n, 3) in mm is most likely of, best first.

    Raises
    ------
    InputError
        Where the scan holds too few points, or they lie on no surface.
    """
    return _listed(_facets(points), learnt, most)


def identify(points: NDArray[Any], learnt: Sequence[Learnt], most: int = _SETTLED) -> list[Match]:
    """Return the parts that a scan (n, 3) in mm fits best, best first; what decides is in `Match.start`.

    Raises
    ------
    InputError
        Where the scan holds too few points, or they lie on no surface.
    """
    scan = _facets(points)
    listed = _listed(scan, learnt, _LISTED)
    listed.sort(key=lambda number: glance(scan, learnt[number]))
    found = [Match(number, find_pose(points, learnt[number])[0]) for number in listed[:most]]
    return sorted(found, key=lambda match: -match.start.score)


def _listed(scan: Facets, learnt: Sequence[Learnt], most: int) -> list[int]:
    order = np.argsort(-likeness(scan, [part.descriptor for part in learnt]), kind="stable")
    return [int(number) for number in order[:most]]


def _facets(points: NDArray[Any]) -> Facets:
    """Return what a search needs of a scan of a part whose size is not known."""
    if len(points) < LEAST_POINTS:
        raise InputError(f"the scan holds {len(points)} points", expected=f"at least {LEAST_POINTS}")
    scan = facets(points, _size(points))
    if len(scan.points) < _LEAST_FACETS:
        raise InputError("the points of the scan lie on no surface", expected="points closer together than the part's details")
    return scan


def _size(points: NDArray[Any]) -> float:
    """Return the diagonal of the box around a scan's points but for outliers, in mm."""
    low, high = np.quantile(points[:: max(1, len(points) // 5_000)], (0.03, 0.97), axis=0)
    return float(np.linalg.norm(high - low))
