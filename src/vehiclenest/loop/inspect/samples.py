"""Points spread evenly over a mesh's surface, and the distance to it through the triangles that they stand on.

The triangle under the nearest samples is measured exactly (closest point after Ericson, Real-Time Collision Detection, 2005, 5.1.5);
a nearer triangle that none of them stands on is missed by a small part of the samples' spacing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vehiclenest.loop.inspect.mesh import Mesh, Points

Whole = NDArray[np.int64]
_CANDIDATES = 4


@dataclass(frozen=True)
class Samples:
    """Points (n, 3) on a surface in mm, the outward unit normal (n, 3) there and the triangle (n,) that each stands on."""

    mesh: Mesh
    points: Points
    normals: Points
    triangle: Whole

    @classmethod
    def of(cls, mesh: Mesh, count: int, seed: int = 0) -> "Samples":
        """Return `count` points, as many to every mm²; the same each time."""
        chance = np.random.default_rng(seed)
        areas = mesh.areas_mm2
        ends = np.cumsum(areas)
        places = (np.arange(count) + chance.random(count)) / count * ends[-1]
        triangle = np.minimum(np.searchsorted(ends, places, side="right"), len(areas) - 1)
        weights = chance.random((count, 2))
        weights[weights.sum(axis=1) > 1] = 1 - weights[weights.sum(axis=1) > 1]
        corners = mesh.corners[triangle]
        points = corners[:, 0] + np.einsum("ij,ijk->ik", weights, corners[:, 1:] - corners[:, :1])
        normals = mesh.doubled_normals[triangle] / np.maximum(2 * areas[triangle], 1e-30)[:, None]
        return cls(mesh, points, normals, triangle)

    @cached_property
    def _tree(self) -> Any:
        return cast("Callable[..., Any]", cKDTree)(self.points)

    def distances(self, points: Points) -> NDArray[np.float64]:
        """Return how far (n,) each point (n, 3) lies from the surface, in mm, without sign."""
        _, near = self._tree.query(points, k=_CANDIDATES, workers=2)
        return distances_to(points, self.mesh.corners, self.triangle[near])


def thinned(points: Points, edge: float) -> NDArray[np.int64]:
    """Return the indices of one point (the first) in every cube of side `edge` that holds any."""
    cells = np.floor((points - points.min(axis=0)) / edge).astype(np.int64)
    spans = cells.max(axis=0) + 1
    keys = (cells[:, 0] * spans[1] + cells[:, 1]) * spans[2] + cells[:, 2]
    return np.sort(np.unique(keys, return_index=True)[1])


@njit(cache=True, nogil=True)
def _to_triangle(p: Points, a: Points, b: Points, c: Points) -> float:
    """Return the squared distance of a point from a triangle."""
    ab, ac, ap = b - a, c - a, p - a
    d1, d2 = np.dot(ab, ap), np.dot(ac, ap)
    if d1 <= 0 and d2 <= 0:
        return np.dot(ap, ap)
    bp = p - b
    d3, d4 = np.dot(ab, bp), np.dot(ac, bp)
    if d3 >= 0 and d4 <= d3:
        return np.dot(bp, bp)
    vc = d1 * d4 - d3 * d2
    if vc <= 0 and d1 >= 0 and d3 <= 0:
        rest = ap - d1 / (d1 - d3) * ab
        return np.dot(rest, rest)
    cp = p - c
    d5, d6 = np.dot(ab, cp), np.dot(ac, cp)
    if d6 >= 0 and d5 <= d6:
        return np.dot(cp, cp)
    vb = d5 * d2 - d1 * d6
    if vb <= 0 and d2 >= 0 and d6 <= 0:
        rest = ap - d2 / (d2 - d6) * ac
        return np.dot(rest, rest)
    va = d3 * d6 - d5 * d4
    if va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        rest = bp - (d4 - d3) / ((d4 - d3) + (d5 - d6)) * (c - b)
        return np.dot(rest, rest)
    rest = ap - (vb * ab + vc * ac) / (va + vb + vc)
    return np.dot(rest, rest)


@njit(cache=True, nogil=True)
def distances_to(points: Points, corners: Points, near: Whole) -> NDArray[np.float64]:
    """Return the distance (n,) of every point (n, 3) from the nearest of its candidate triangles (n, k)."""
    out = np.empty(len(points))
    for row in range(len(points)):
        least = np.inf
        for column in range(near.shape[1]):
            corner = corners[near[row, column]]
            least = min(least, _to_triangle(points[row], corner[0], corner[1], corner[2]))
        out[row] = np.sqrt(least)
    return out
