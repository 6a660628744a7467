"""How well a scan fits a part, point by point: what tells a part from its near-duplicate, and a part from one that nobody learnt.

Between near-duplicates the same points decide, so that outliers cancel out. Wear and dents take material off: points inside the
reference weigh less than points outside it. What the scan does not show speaks against no part.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from vehiclenest.loop.inspect.descriptor import Facets, Tree
from vehiclenest.loop.inspect.global_pose import Learnt, settled, some
from vehiclenest.loop.inspect.mesh import Points, move

Real = NDArray[np.float64]
Flags = NDArray[np.bool_]
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
_SURFACE, _REACH = 500, 2.0  # points that say how far neighbours are, and how many times as far they may be
_MANY = 2_000  # points that need no such proof
_LINKED = 0.75  # of the reach: how far points of one feature are apart at most
_TELLING_MM = 0.15  # distances from two parts that differ so much tell them apart
_COVER = 0.02  # of the diagonal: a learnt point this close to the scan is covered


@dataclass(frozen=True)
class Cloud:
    """Points (n, 3) of a scan from all over it, and which of them lie together."""

    points: Points

    @cached_property
    def tree(self) -> Any:
        """What finds the neighbours of a point."""
        return Tree(self.points)

    @cached_property
    def reach(self) -> float:
        """How far the last of a point's neighbours may be, in mm: some times as far as on a surface."""
        away, _ = self.tree.query(some(self.points, _SURFACE), k=_AROUND)
        return _REACH * float(np.median(away[:, -1]))

    def crowded(self, chosen: Flags) -> int:
        """Return how many of the chosen points (n,) lie on a surface among chosen ones; outliers stand alone."""
        rows = np.flatnonzero(chosen)
        if len(rows) == 0 or len(rows) > _MANY:
            return len(rows)
        away, near = self.tree.query(self.points[rows], k=_AROUND)
        return int(np.count_nonzero((chosen[near].sum(axis=1) >= _MOST) & (away[:, -1] <= self.reach)))

    def largest(self, chosen: Flags) -> int:
        """Return how many of the chosen points (n,) hang together at most; those of one feature do, points mixed at edges hardly."""
        rows = np.flatnonzero(chosen)
        if len(rows) < 2 or len(rows) > _MANY:  # noqa: PLR2004
            return len(rows)
        pairs = Tree(self.points[rows]).query_pairs(_LINKED * self.reach, output_type="ndarray")
        graph = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(rows), len(rows)))
        return int(np.bincount(connected_components(graph, directed=False)[1]).max())


@dataclass(frozen=True)
class Judges:
    """The points of a scan that decide."""

    scan: Facets

    @cached_property
    def cloud(self) -> Cloud:
        """The points that decide, from all over the scan."""
        return Cloud(some(self.scan.cloud, _JUDGES))

    @cached_property
    def settlers(self) -> Points:
        """Fewer points, spread evenly, that settle a pose."""
        return some(self.scan.even, _SETTLERS)


@dataclass(frozen=True)
class Beyond:
    """Shares of some points: `explained` by the part; those that stand out of it, lie deep in it, and very deep.

    `feature` is the share of the largest part of the excess that hangs together: what the part has not got.
    """

    points: int
    explained: float
    excess: float
    missing: float
    gone: float
    feature: float

    @staticmethod
    def of(cloud: Cloud, away: NDArray[np.floating]) -> "Beyond":
        """Return the shares of points (n,) that are so far away from a part, in mm."""
        count, out = len(away), away > _EXCESS_MM
        return Beyond(
            points=count,
            explained=float(np.count_nonzero(np.abs(away) <= _EXPLAINED_MM) / count),
            excess=cloud.crowded(out) / count,
            missing=cloud.crowded(away < -_MISSING_MM) / count,
            gone=cloud.crowded(away < -_GONE_MM) / count,
            feature=cloud.largest(out) / count,
        )


@dataclass(frozen=True)
class Evidence:
    """What a scan says of a part at a pose (4, 4).

    `away` (n,) are signed distances of the points that decide, in mm; `loss` is the mean over them of a robust loss; `rms_mm` that of
    the points which the part explains; `coverage` is the share of the part that is seen. `beyond` tells what the part does not explain.
    """

    pose: Points
    away: NDArray[np.float32]
    loss: float
    rms_mm: float
    coverage: float
    beyond: Beyond


def evidence(judges: Judges, learnt: Learnt, poses: Points) -> Evidence:
    """Return what a scan says of a part near the best of some poses (m, 4, 4), which are settled on exact distances first."""
    tried = [settled(pose, judges.settlers, learnt) for pose in poses]
    each = [np.asarray(learnt.surface.distance(move(pose, judges.cloud.points)), dtype=np.float32) for pose in tried]
    losses = [float(_loss(away).mean()) for away in each]
    best = int(np.argmin(losses))
    pose, away = tried[best], each[best]
    near = np.abs(away) <= _EXPLAINED_MM
    return Evidence(
        pose=pose,
        away=away,
        loss=losses[best],
        rms_mm=float(np.sqrt(np.mean(np.square(away[near])))) if near.any() else float("inf"),
        coverage=_coverage(judges, learnt, pose),
        beyond=Beyond.of(judges.cloud, away),
    )


def closer(said: Evidence, cloud: Cloud, learnt: Learnt) -> Evidence:
    """Return what a scan says of a part after a look at more of its points: a small feature takes up few."""
    away = learnt.surface.distance(move(said.pose, cloud.points))
    return replace(said, beyond=Beyond.of(cloud, np.asarray(away, dtype=np.float32)))


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
