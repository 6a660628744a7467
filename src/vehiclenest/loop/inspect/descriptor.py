"""What a part looks like from any side, true to scale: enough to lay a scan on it, and to tell which of many parts a scan may be.

Of a scan that shows half of a part, each pair of points has to be a pair of the part too: parts are ranked by how likely the scan's
pairs are among theirs, and by how well lengths between points (D2, Osada et al., ACM TOG 2002) agree with one of the part's views.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vehiclenest.loop.inspect.mesh import Mesh, Points
from vehiclenest.loop.inspect.pairs import BINS, RUNGS, keys_of, table
from vehiclenest.loop.inspect.samples import Samples, thinned

Tree = cast("Callable[..., Any]", cKDTree)
_POINTS, _LEARNT = 900, 3_000
_SHORTEST = 0.2  # of the diagonal: shorter pairs turn a part too freely
_CLOUD, _EVEN, _FINE = 60_000, 0.012, 0.006  # most points of a scan that count; cubes, of the diagonal
_NORMALS, _NEIGHBOURS = 1_000, 16
_FLAT, _REACH = 0.02, 0.035  # least over greatest spread of a neighbourhood, and its radius of the diagonal
_LONELY = 0.2  # of the median number of points in a cube: outliers stand alone
_PAIRS = 20_000
_BLUR, _UNSEEN = 0.5, 2e-3  # weight of the neighbouring lengths; share of pairs that belong to no part
_VIEWS, _D2_WEIGHT = 24, 2.0


@dataclass(frozen=True)
class Facets:
    """Of a scan: `cloud` (c, 3) thinned by stride, `even` (n, 3) spread evenly in random order, `points` (m, 3) with `normals` (m, 3)."""

    cloud: Points
    even: Points
    points: Points
    normals: Points


@dataclass(frozen=True)
class Descriptor:
    """Learnt of a part: `points` (n, 3) in mm and `normals` (n, 3) on its surface, its diagonal, how often each pair occurs (BINS,).

    `views` (24, RUNGS) are distributions of lengths between points on one half of it.
    """

    points: Points
    normals: Points
    diagonal_mm: float
    shares: NDArray[np.float32]
    views: NDArray[np.float32]

    @classmethod
    def of(cls, mesh: Mesh) -> "Descriptor":
        """Return what is learnt of a closed mesh."""
        samples = Samples.of(mesh, _LEARNT, seed=3)
        ones, others = _drawn(_LEARNT, 20 * _PAIRS, 5)
        found = keys_of(samples.points, samples.normals, ones, others)
        counts = np.bincount(found[found >= 0], minlength=BINS).reshape(RUNGS, -1).astype(np.float64)
        near = np.zeros_like(counts)
        near[1:] += counts[:-1]
        near[:-1] += counts[1:]
        shares = (counts + _BLUR * near).ravel()
        views = np.stack([_lengths(samples.points[samples.points @ way >= np.median(samples.points @ way)]) for way in _ways()])
        chosen = np.random.default_rng(7).permutation(_LEARNT)[:_POINTS]
        points, normals = np.ascontiguousarray(samples.points[chosen]), np.ascontiguousarray(samples.normals[chosen])
        return cls(points, normals, mesh.diagonal_mm, (shares / shares.sum()).astype(np.float32), views)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has to be kept."""
        return {
            "points": self.points,
            "normals": self.normals,
            "diagonal_mm": np.array(self.diagonal_mm),
            "shares": self.shares,
            "views": self.views,
        }

    @staticmethod
    def stored(arrays: Mapping[str, NDArray[Any]]) -> "Descriptor":
        """Return what `arrays` gave."""
        whole = {name: arrays[name] for name in ("points", "normals", "shares", "views")}
        return Descriptor(diagonal_mm=float(arrays["diagonal_mm"]), **whole)

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Pairs of the part's points by bin, see `pairs.table`."""
        return table(self.points, self.normals, _SHORTEST * self.diagonal_mm)


def facets(points: NDArray[Any], diagonal_mm: float) -> Facets:
    """Return what a search needs of a scan (n, 3) of a part about as large as `diagonal_mm`: fewer points, some with a normal."""
    chance = np.random.default_rng(11)
    stride = max(1, len(points) // _CLOUD)
    cloud = np.ascontiguousarray(points[chance.integers(stride) :: stride], dtype=np.float64)
    even, fine = _thinned(cloud, _EVEN * diagonal_mm), _thinned(cloud, _FINE * diagonal_mm)
    even = np.ascontiguousarray(even[chance.permutation(len(even))])
    wanted = even[:_NORMALS]
    away, near = Tree(fine).query(wanted, k=min(_NEIGHBOURS, len(fine)))
    around = fine[near]
    ways = around - around.mean(axis=1, keepdims=True)
    spread, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", ways, ways))
    good = (spread[:, 0] <= _FLAT * spread[:, 2]) & (away[:, -1] <= _REACH * diagonal_mm)
    return Facets(cloud, even, np.ascontiguousarray(wanted[good]), np.ascontiguousarray(axes[good, :, 0]))


def _thinned(cloud: Points, edge: float) -> Points:
    """Return one point of every cube but those that hold few, where outliers are."""
    first, count = thinned(cloud, edge)
    return cloud[first[count > _LONELY * np.median(count)]]


@dataclass(frozen=True)
class Looks:
    """How many parts look, side by side: `logs` (k, BINS) of the chance of each pair of points, `views` (k, 24, RUNGS)."""

    logs: NDArray[np.float32]
    views: NDArray[np.float32]

    @classmethod
    def of(cls, learnt: Sequence[Descriptor]) -> "Looks":
        """Return the looks of parts, in their order."""
        if not learnt:
            return cls(np.empty((0, BINS), dtype=np.float32), np.empty((0, _VIEWS, RUNGS), dtype=np.float32))
        shares = np.stack([part.shares for part in learnt])
        logs = np.log(shares * np.float32(1 - _UNSEEN) + np.float32(_UNSEEN / BINS))
        return cls(logs, np.stack([part.views for part in learnt]))

    def likeness(self, scan: Facets) -> NDArray[np.float64]:
        """Return how like a scan each part (k,) is: the greater the likelier, on a scale of its own."""
        ones, others = _drawn(len(scan.points), _PAIRS, 13)
        found = keys_of(scan.points, scan.normals, ones, others)
        bins, counts = np.unique(found[found >= 0], return_counts=True)
        chance = self.logs[:, bins] @ (counts / max(1, counts.sum())).astype(np.float32)
        apart = np.abs(self.views - _lengths(scan.even)).sum(axis=2).min(axis=1)
        return (chance - _D2_WEIGHT * apart).astype(np.float64)


def _drawn(count: int, pairs: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    chance = np.random.default_rng(seed)
    ones = chance.integers(count, size=pairs)
    return ones, (ones + chance.integers(1, count, size=pairs)) % count


def _lengths(points: Points) -> NDArray[np.float32]:
    """Return the distribution (RUNGS,) of the lengths between points (n, 3) drawn at random."""
    ones, others = _drawn(len(points), _PAIRS, 17)
    lengths = np.linalg.norm(points[ones] - points[others], axis=1)
    rungs = keys_of(points, np.zeros_like(points), ones, others)
    rungs = rungs[(rungs >= 0) & (lengths > 0)] // (BINS // RUNGS)
    shares = np.bincount(rungs, minlength=RUNGS).astype(np.float64)
    smooth = shares.copy()
    smooth[1:] += _BLUR * shares[:-1]
    smooth[:-1] += _BLUR * shares[1:]
    return (smooth / smooth.sum()).astype(np.float32)


def _ways() -> Points:
    """Return directions (24, 3) spread evenly over the sphere (Fibonacci)."""
    place = np.arange(_VIEWS) + 0.5
    height, turn = 1 - 2 * place / _VIEWS, np.pi * (1 + np.sqrt(5)) * place
    wide = np.sqrt(1 - height**2)
    return np.stack([wide * np.cos(turn), wide * np.sin(turn), height], axis=1)
