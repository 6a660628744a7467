"""Points spread evenly over a mesh's surface, and points of a scan thinned until they lie evenly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh, Points

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Samples:
    """Points (n, 3) on a surface in mm, and the outward unit normal (n, 3) there."""

    points: Points
    normals: Points

    @classmethod
    def of(cls, mesh: Mesh, count: int, seed: int = 0) -> "Samples":
        """Return `count` points, as many to every mm², in random order; the same each time."""
        chance = np.random.default_rng(seed)
        areas = mesh.areas_mm2
        ends = np.cumsum(areas)
        places: Points = (chance.permutation(count) + chance.random(count)) / count * ends[-1]
        triangle = np.minimum(np.searchsorted(ends, places, side="right"), len(areas) - 1)
        shares = chance.random((count, 2, 1))
        shares = np.where(shares.sum(axis=1, keepdims=True) > 1, 1 - shares, shares)
        corners = mesh.corners[triangle]
        points = corners[:, 0] + shares[:, 0] * (corners[:, 1] - corners[:, 0]) + shares[:, 1] * (corners[:, 2] - corners[:, 0])
        normals = mesh.doubled_normals[triangle] / np.maximum(2 * areas[triangle], 1e-30)[:, None]
        return cls(points, normals)


def thinned(points: Points, edge: float) -> tuple[Whole, Whole]:
    """Return the indices of one point in every cube of side `edge` that holds any, and how many it holds."""
    cells = np.floor((points - points.min(axis=0)) / edge).astype(np.int64)
    spans = cells.max(axis=0) + 1
    keys = (cells[:, 0] * spans[1] + cells[:, 1]) * spans[2] + cells[:, 2]
    _, first, count = np.unique(keys, return_index=True, return_counts=True)
    return first, count
