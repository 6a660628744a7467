"""A mesh to look at: fine enough everywhere to carry a map, coarse enough for a browser.

Long edges are halved until the surface is even; where that makes too many triangles, vertices are clustered on a grid, those that face
different sides apart, so that the two faces of a thin wall stay two (vertex clustering after Rossignac and Borrel, 1993).
"""

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh

_MOST_REFINED = 1_000_000  # triangles before clustering
_GROWTH = 1.15  # of the grid's step from try to try
_ONE, _TWO, _THREE = 1, 2, 3  # edges of a triangle that are split


def display_mesh(mesh: Mesh, triangles: int) -> Mesh:
    """Return the surface in no more than `triangles` triangles, spread evenly over it."""
    step = float(np.sqrt(4 * mesh.area_mm2 / triangles))
    fine = refined(mesh, 2 * step)
    found = fine
    while len(found.triangles) > triangles:
        found = clustered(fine, step)
        step *= _GROWTH
    return found


def refined(mesh: Mesh, longest_mm: float) -> Mesh:
    """Return the same surface with every edge at most so long; an edge is split once for both its triangles, so it stays closed."""
    vertices, triangles = mesh.vertices, mesh.triangles.astype(np.int64)
    while len(triangles) < _MOST_REFINED:
        count = len(vertices)
        ends = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]], axis=2)
        edges, place = np.unique(ends[..., 0] * count + ends[..., 1], return_inverse=True)
        first, second = vertices[edges // count], vertices[edges % count]
        long = np.linalg.norm(first - second, axis=1) > longest_mm
        if not long.any():
            break
        middle = np.full(len(edges), -1)
        middle[long] = count + np.arange(np.count_nonzero(long))
        vertices = np.concatenate([vertices, (first[long] + second[long]) / 2])
        triangles = _split(triangles, middle[place.reshape(-1, 3)])
    return Mesh(vertices, triangles.astype(np.int32))


def _split(triangles: NDArray[np.int64], middle: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return triangles (t, 3) with the vertices `middle` (t, 3) in the edges 01, 12 and 20; −1 where an edge stays whole."""
    splits = np.count_nonzero(middle >= 0, axis=1)
    # Turned so that the one split edge comes first, or the one whole edge last.
    turn = np.where(splits == _ONE, np.argmax(middle >= 0, axis=1), np.where(splits == _TWO, np.argmin(middle, axis=1) + 1, 0))
    order = (np.arange(3) + turn[:, None]) % 3
    a, b, c = np.take_along_axis(triangles, order, axis=1).T
    ab, bc, ca = np.take_along_axis(middle, order, axis=1).T
    pieces = {
        0: [(a, b, c)],
        _ONE: [(a, ab, c), (ab, b, c)],
        _TWO: [(ab, b, bc), (a, ab, bc), (a, bc, c)],
        _THREE: [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)],
    }
    return np.concatenate(
        [np.stack(corners, axis=1)[splits == count] for count, triples in pieces.items() for corners in triples]
    )


def clustered(mesh: Mesh, step_mm: float) -> Mesh:
    """Return the mesh with the vertices of one cell of a grid, facing one side, drawn together in their mean."""
    normals = vertex_normals(mesh)
    axis = np.argmax(np.abs(normals), axis=1)
    side = 2 * axis + (np.take_along_axis(normals, axis[:, None], axis=1)[:, 0] > 0)
    cell = np.floor((mesh.vertices - mesh.low) / step_mm).astype(np.int64)
    size = cell.max(axis=0) + 1
    key = ((cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]) * 6 + side
    _, place, members = np.unique(key, return_inverse=True, return_counts=True)
    vertices = np.stack([np.bincount(place, mesh.vertices[:, each]) for each in range(3)], axis=1) / members[:, None]
    triangles = place[mesh.triangles]
    first, second, third = triangles.T
    triangles = triangles[(first != second) & (second != third) & (third != first)]
    low, mid, high = np.sort(triangles, axis=1).T
    _, once = np.unique((low * len(members) + mid) * len(members) + high, return_index=True)
    return Mesh(vertices, triangles[np.sort(once)].astype(np.int32))


def vertex_normals(mesh: Mesh) -> NDArray[np.float64]:
    """Return the unit outward normal (v, 3) at every vertex: the mean of its triangles by area; zero where they cancel."""
    count = len(mesh.vertices)
    corners, normals = mesh.triangles.ravel(), np.repeat(mesh.doubled_normals, 3, axis=0)
    found = np.stack([np.bincount(corners, normals[:, axis], count) for axis in range(3)], axis=1)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, length, out=np.zeros_like(found), where=length > 0)
