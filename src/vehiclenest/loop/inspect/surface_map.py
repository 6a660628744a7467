"""The deviation map: what a scan says of every vertex of a mesh made to be looked at, and how its distances are spread.

A point speaks for the vertex in whose share of a triangle it lies nearest; a vertex takes the interquartile mean of its points, which
up to a quarter of outliers on either side cannot move far. A vertex that too few points speak for is uncovered, never zero.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vehiclenest.loop.inspect.display_mesh import display_mesh
from vehiclenest.loop.inspect.mesh import Mesh

MOST_TRIANGLES = 60_000
_LEAST_TRIANGLES = 2_000
_POINTS_A_TRIANGLE = 8  # of a scan; a thin scan gets a coarse map
_LEAST_POINTS = 3  # that a vertex is covered by
_BINS = 61  # odd: one is about zero
_TAIL = 0.998  # share of the points that the histogram's range holds
_SIGN = np.uint32(1 << 31)

Distances = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many points lie between the edges (b + 1,), in mm, and how many below the first and above the last."""

    edges_mm: NDArray[np.float64]
    counts: NDArray[np.int64]
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class SurfaceMap:
    """Mesh to look at, and per vertex the deviation (v,) in mm, NaN where it is uncovered, and the number (v,) of its points."""

    mesh: Mesh
    deviation_mm: NDArray[np.float64]
    counts: NDArray[np.int64]
    histogram: Histogram

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Which vertices (v,) the scan speaks of."""
        return np.isfinite(self.deviation_mm)


def surface_map(mesh: Mesh, points: Distances, distances: Distances, *, most_triangles: int = MOST_TRIANGLES) -> SurfaceMap:
    """Return the map of a scan: points (n, 3) in the reference's frame, mm, and their signed distances (n,) from it, mm.

    What is no finite number is left out.
    """
    finite = np.isfinite(distances) & np.isfinite(points).all(axis=1)
    if not finite.all():
        points, distances = points[finite], distances[finite]
    triangles = min(most_triangles, max(_LEAST_TRIANGLES, len(points) // _POINTS_A_TRIANGLE))
    shown = display_mesh(mesh, triangles)
    counts = np.zeros(len(shown.vertices), dtype=np.int64)
    deviation = np.full(len(shown.vertices), np.nan)
    if len(points):
        nearest = _nearest_vertex(shown, points)
        counts = np.bincount(nearest, minlength=len(counts))
        enough = counts >= _LEAST_POINTS
        deviation[enough] = _interquartile_means(nearest, distances, counts)[enough]
    return SurfaceMap(shown, deviation, counts, histogram(distances))


def _nearest_vertex(mesh: Mesh, points: Distances) -> NDArray[np.int64]:
    """Return for points (n, 3) the vertex (n,) whose share of a triangle is nearest: each corner's share stands as one place.

    The places lie closer than the vertices, so that a wall may be as thin as a third of an edge before its faces mix.
    """
    places = mesh.corners.reshape(-1, 3) / 2 + np.repeat(mesh.corners.mean(axis=1), 3, axis=0) / 2
    tree = cKDTree(np.concatenate([places, mesh.vertices]), balanced_tree=False, compact_nodes=False)
    owner = np.concatenate([mesh.triangles.ravel(), np.arange(len(mesh.vertices))])
    _, found = tree.query(points, workers=-1)
    return owner[found].astype(np.int64)


def _interquartile_means(groups: NDArray[np.int64], values: Distances, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return per group the mean of its values between its quartiles, to the precision of a float32; NaN where it is empty."""
    bits = values.astype(np.float32).view(np.uint32)
    ranked = np.where(bits & _SIGN, ~bits, bits | _SIGN)  # whole numbers in the order of the values
    keys = np.sort((groups.astype(np.uint64) << np.uint64(32)) | ranked)
    back = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    ordered = np.where(back & _SIGN, back ^ _SIGN, ~back).view(np.float32).astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    end = np.cumsum(counts)
    cut = counts // 4
    low, high = end - counts + cut, end - cut
    with np.errstate(invalid="ignore"):
        return (sums[high] - sums[low]) / (high - low)


def histogram(distances: Distances) -> Histogram:
    """Return the histogram of signed distances (n,), in mm, about zero, with the few points beyond its range counted apart."""
    if len(distances) == 0:
        return Histogram(np.linspace(-1, 1, _BINS + 1), np.zeros(_BINS, dtype=np.int64), 0, 0)
    place = min(len(distances) - 1, int(_TAIL * len(distances)))
    limit = float(np.partition(np.abs(distances), place)[place]) or 1e-6
    step = 2 * limit / _BINS
    bins = np.floor((distances + limit) / step)
    inside = np.clip(bins, -1, _BINS).astype(np.int64) + 1
    counts = np.bincount(inside, minlength=_BINS + 2)
    return Histogram(np.linspace(-limit, limit, _BINS + 1), counts[1:-1], int(counts[0]), int(counts[-1]))
