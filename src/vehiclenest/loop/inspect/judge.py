"""Many motions of a scan against a coarse field, on two cores: each half of the work is a thread, for the loops hold no lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.align import all_refined, costs, spread
from vehiclenest.loop.inspect.coarse import CoarseField, Values
from vehiclenest.loop.inspect.mesh import Points

Real = NDArray[np.float64]
CORES = 2
_WORTH = 20_000  # lookups below which a thread costs more than it saves


@dataclass(frozen=True)
class Judge:
    """A coarse field, and the middle (3,) of the part about which motions turn."""

    coarse: CoarseField
    middle: Points

    @property
    def grid(self) -> tuple[Values, Points, float]:
        """The field as the compiled loops take it."""
        return self.coarse.values, self.coarse.origin, self.coarse.step

    def costs(self, poses: Points, points: Points, width: float) -> Real:
        """Return the mean of min(|distance|, width) (m,) of points (n, 3) after each motion (m, 4, 4), in mm."""
        return np.concatenate(_shared(lambda some: costs(*self.grid, some, points, width), poses, len(points)))

    def ranked(self, poses: Points, points: Points, width: float) -> Points:
        """Return the motions in order of their cost."""
        return poses[np.argsort(self.costs(poses, points, width), kind="stable")]

    def refined(self, poses: Points, points: Points, widths: Real) -> Points:
        """Return each motion after one Gauss–Newton step at each of the kernel's widths (mm)."""
        return np.concatenate(
            _shared(lambda some: all_refined(*self.grid, some, points, self.middle, widths), poses, len(points) * len(widths))
        )

    def spread(self, poses: Points, points: Points, width: float) -> tuple[Real, Real]:
        """Return the least and greatest (n,) of min(|distance|, width) that each point has after the motions."""
        parts = _shared(lambda some: spread(*self.grid, poses, some, width), points, len(poses))
        return np.concatenate([least for least, _ in parts]), np.concatenate([most for _, most in parts])


def _shared(work: Callable[[Points], Any], rows: Points, each: int) -> list[Any]:
    """Return what the work makes of each share of the rows, in order; `each` is how many lookups a row takes."""
    if len(rows) * each < _WORTH or len(rows) < CORES:
        return [work(rows)]
    with ThreadPoolExecutor(CORES) as workers:
        return list(workers.map(work, np.array_split(rows, CORES)))
