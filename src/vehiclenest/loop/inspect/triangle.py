"""The point of a triangle that is nearest to a point, and on which feature of the triangle it lies.

After Ericson, Real-Time Collision Detection (2005), 5.1.5: regions of Voronoi; the sign by the normal of the feature after
Bærentzen and Aanæs, Signed Distance Computation Using the Angle Weighted Pseudonormal (2005).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Real = NDArray[np.float64]
Whole = NDArray[np.int32]

# A row of the table of triangles: corner, two edges from it, their products, unit normal, offset of the plane.
WIDTH = 16
# Features in the order of a row of the table of normals: the face, three corners, three edges (01, 12, 20).
FACE = 0
FEATURES = 7


def table_of(corners: Real, doubled_normals: Real) -> Real:
    """Return rows (t, 16) of what `nearest` needs of triangles with corners (t, 3, 3) in mm."""
    table = np.zeros((len(corners), WIDTH))
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normals = doubled_normals / np.linalg.norm(doubled_normals, axis=1, keepdims=True)
    table[:, 0:3] = corners[:, 0]
    table[:, 3:6] = first
    table[:, 6:9] = second
    table[:, 9] = np.einsum("ij,ij->i", first, first)
    table[:, 10] = np.einsum("ij,ij->i", first, second)
    table[:, 11] = np.einsum("ij,ij->i", second, second)
    table[:, 12:15] = normals
    table[:, 15] = np.einsum("ij,ij->i", normals, corners[:, 0])
    return table


@njit(cache=True, inline="always")
def above(table: Real, i: int, x: float, y: float, z: float) -> float:
    """Return how far a point lies above the plane of a triangle, in mm; negative below."""
    return table[i, 12] * x + table[i, 13] * y + table[i, 14] * z - table[i, 15]


@njit(cache=True)
def nearest(table: Real, i: int, x: float, y: float, z: float) -> tuple[float, float, float, float, int]:
    """Return the squared distance to a triangle, from its nearest point to the point (3 numbers), and the feature it lies on."""
    px, py, pz = x - table[i, 0], y - table[i, 1], z - table[i, 2]
    along_first = table[i, 3] * px + table[i, 4] * py + table[i, 5] * pz
    along_second = table[i, 6] * px + table[i, 7] * py + table[i, 8] * pz
    a, b, c = table[i, 9], table[i, 10], table[i, 11]
    beta = c * along_first - b * along_second  # times a·c − b²: weight of the second corner
    gamma = a * along_second - b * along_first
    whole = a * c - b * b
    if beta > 0.0 and gamma > 0.0 and beta + gamma < whole:
        height = above(table, i, x, y, z)
        return height * height, height * table[i, 12], height * table[i, 13], height * table[i, 14], 0
    u, v, feature = _on_border(a, b, c, along_first, along_second, beta, gamma, whole)
    px -= u * table[i, 3] + v * table[i, 6]
    py -= u * table[i, 4] + v * table[i, 7]
    pz -= u * table[i, 5] + v * table[i, 8]
    return px * px + py * py + pz * pz, px, py, pz, feature


@njit(cache=True)
def _on_border(
    a: float, b: float, c: float, along_first: float, along_second: float, beta: float, gamma: float, whole: float
) -> tuple[float, float, int]:
    """Return the nearest point of the border by its weights of the two edges, and the feature; the nearest of three segments."""
    best_u, best_v, best_feature, best = 0.0, 0.0, 1, np.inf
    for edge in range(3):
        if edge == 0:
            if gamma > 0.0:
                continue
            share, u0, v0, du, dv, start, end, on = along_first / a, 0.0, 0.0, 1.0, 0.0, 1, 2, 4
        elif edge == 1:
            if beta + gamma < whole:
                continue
            share = (along_second - along_first + a - b) / (a - 2.0 * b + c)
            u0, v0, du, dv, start, end, on = 1.0, 0.0, -1.0, 1.0, 2, 3, 5
        else:
            if beta > 0.0:
                continue
            share, u0, v0, du, dv, start, end, on = 1.0 - along_second / c, 0.0, 1.0, 0.0, -1.0, 3, 1, 6
        feature = on
        if share <= 0.0:
            share, feature = 0.0, start
        elif share >= 1.0:
            share, feature = 1.0, end
        u, v = u0 + share * du, v0 + share * dv
        # the squared distance but for what all three have in common
        size = u * (u * a + 2.0 * v * b - 2.0 * along_first) + v * (v * c - 2.0 * along_second)
        if size < best:
            best, best_u, best_v, best_feature = size, u, v, feature
    return best_u, best_v, best_feature


def normals_of(triangles: Whole, corners: Real, doubled_normals: Real, vertices: int) -> NDArray[np.float64]:
    """Return the pseudonormals (t, 7, 3) of each triangle: its own, of its corners by their angles, of its edges by both sides.

    They need no unit length: only the sign of a product with them is asked for.
    """
    unit = doubled_normals / np.linalg.norm(doubled_normals, axis=1, keepdims=True)
    normals = np.empty((len(triangles), FEATURES, 3))
    normals[:, FACE] = unit
    by_vertex = np.zeros((vertices, 3))
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        other = corners[:, (corner + 2) % 3] - corners[:, corner]
        angle = np.arctan2(np.linalg.norm(np.cross(one, other), axis=1), np.einsum("ij,ij->i", one, other))
        np.add.at(by_vertex, triangles[:, corner], unit * angle[:, None])
    normals[:, 1:4] = by_vertex[triangles]
    starts, ends = triangles.astype(np.int64), np.roll(triangles, -1, axis=1).astype(np.int64)
    keys = np.minimum(starts, ends) * vertices + np.maximum(starts, ends)
    _, number = np.unique(keys.ravel(), return_inverse=True)
    by_edge = np.zeros((int(number.max()) + 1, 3))
    np.add.at(by_edge, number, np.repeat(unit, 3, axis=0))
    normals[:, 4:7] = by_edge[number].reshape(-1, 3, 3)
    return normals
