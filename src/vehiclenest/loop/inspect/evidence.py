"""How well a scan fits a part, point by point: what tells a part from its near-duplicate, and a part from one that nobody learnt.

Between near-duplicates the same points decide, so that outliers cancel out. Wear and dents take material off: points inside the
reference weigh less than points outside it. What the scan does not show speaks against no part.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.descriptor import Facets, Tree
from vehiclenest.loop.inspect.global_pose import Learnt, settled, some
from vehiclenest.loop.inspect.mesh import Points, move

Real = NDArray[np.float64]
_JUDGES, _SETTLERS = 24_000, 3_000
_NEAR_MM = 1.5  # distances beyond count as this much
_SCALE_MM = 0.05  # distances that noise and small wear leave
_INSIDE = 0.6  # weight of a point inside the reference: it may be wear
_EXPLAINED_MM = 0.3
_EXCESS_MM, _MISSING_MM, _GONE_MM = 0.3, 0.35, 1.0  # distances that noise and wear do not make, nor small dents the last
_AROUND, _MOST = (
    7,
    4,
)  # nearest points, itself among them; how many of them have to agree that something is there: outliers stand alone
_MANY = 2_000  # points that need no such proof
_TELLING_MM = 0.15  # distances from two parts that differ so much tell them apart
_COVER = 0.02  # of the diagonal: a learnt point this close to the scan is covered


@dataclass(frozen=True)
class Judges:
    """The points of a scan that decide."""

    scan: Facets

    @cached_property
    def points(self) -> Points:
        """The points that decide, from all over the scan."""
        return some(self.scan.cloud, _JUDGES)

    @cached_property
    def settlers(self) -> Points:
        """Fewer points, spread evenly, that settle a pose."""
        return some(self.scan.even, _SETTLERS)

    @cached_property
    def tree(self) -> Any:
        """What finds the neighbours of a point that decides."""
        return Tree(self.points)

    def crowded(self, chosen: NDArray[np.bool_]) -> int:
        """Return how many of the chosen points (n,) have chosen ones for neighbours; outliers have none."""
        rows = np.flatnonzero(chosen)
        if len(rows) == 0 or len(rows) > _MANY:
            return len(rows)
        _, near = self.tree.query(self.points[rows], k=_AROUND)
        return int(np.count_nonzero(chosen[near].sum(axis=1) >= _MOST))


@dataclass(frozen=True)
class Evidence:
    """What a scan says of a part at a pose (4, 4).

    `away` (n,) are signed distances of the points that decide, in mm; `loss` is the mean over them of a robust loss; `rms_mm` that of
    the points which the part explains, their share `explained`.
    `excess`, `missing` and `gone` are shares of the points that stand out of the part, lie deep in it, and very deep; `coverage` is the
    share of the part that is seen.
    """

    pose: Points
    away: NDArray[np.float32]
    loss: float
    rms_mm: float
    explained: float
    excess: float
    missing: float
    gone: float
    coverage: float


def evidence(judges: Judges, learnt: Learnt, pose: Points) -> Evidence:
    """Return what a scan says of a part near a pose (4, 4), which is settled on exact distances first."""
    pose = settled(pose, judges.settlers, learnt)
    away = np.asarray(learnt.surface.distance(move(pose, judges.points)), dtype=np.float32)
    near = np.abs(away) <= _EXPLAINED_MM
    return Evidence(
        pose=pose,
        away=away,
        loss=float(_loss(away).mean()),
        rms_mm=float(np.sqrt(np.mean(np.square(away[near])))) if near.any() else float("inf"),
        explained=float(near.mean()),
        excess=judges.crowded(away > _EXCESS_MM) / len(away),
        missing=judges.crowded(away < -_MISSING_MM) / len(away),
        gone=judges.crowded(away < -_GONE_MM) / len(away),
        coverage=_coverage(judges, learnt, pose),
    )


def margin(one: Evidence, other: Evidence) -> float:
    """Return by how much the loss of one part is above another's, summed over the points at which their surfaces differ.

    Where both are as far off, pose and wear are what differs: such points tell nothing.
    """
    telling = np.abs(one.away - other.away) > _TELLING_MM
    return float((_loss(one.away[telling]) - _loss(other.away[telling])).sum())


def _loss(away: NDArray[np.float32]) -> Real:
    clipped = np.clip(away, -_NEAR_MM, _NEAR_MM).astype(np.float64) / _SCALE_MM
    return np.log1p(clipped**2) * np.where(away < 0, _INSIDE, 1.0)


def _coverage(judges: Judges, learnt: Learnt, pose: Points) -> float:
    part = learnt.descriptor
    away, _ = Tree(move(pose, judges.settlers)).query(part.points, distance_upper_bound=_COVER * part.diagonal_mm)
    return float(np.isfinite(away).mean())
