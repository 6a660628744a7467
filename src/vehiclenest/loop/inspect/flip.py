"""Facets of no area taken out of a closed mesh without changing its surface: the long edge of each is turned to its other corner.

A facet whose three corners lie on one line has no normal, so the sign of a distance near it would be chance; exporters leave some.
"""

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Mesh

_FLAT_MM = 1e-7  # height below which rounding of the corners decides where the normal points
_SAME_MM = 1e-6  # corners no further apart coincide
_PASSES = 50


def without_flat(mesh: Mesh) -> Mesh:
    """Return the mesh with the same surface and no facet lower than 0.1 nm; corners of flat facets that lie within a nanometre are joined.

    Raises
    ------
    InputError
        Where flat facets are left whatever is turned, as in a mesh whose corners coincide without being joined.
    """
    triangles = mesh.triangles
    flat = _flat(mesh.vertices, triangles)
    if len(flat) > 0:
        triangles = _joined(mesh.vertices, triangles, flat)
        flat = _flat(mesh.vertices, triangles)
    for _ in range(_PASSES):
        if len(flat) == 0:
            return Mesh(mesh.vertices, triangles)
        triangles = _turned(mesh.vertices, triangles, flat)
        flat = _flat(mesh.vertices, triangles)
    raise InputError(
        f"{len(flat)} facets have no area, facet {flat[0]} the first",
        expected="remove degenerate triangles and join vertices that coincide, then export again",
    )


def _joined(vertices: NDArray[np.float64], triangles: NDArray[np.int32], flat: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the triangles with those corners of flat ones joined that coincide, less the triangles of which nothing is left."""
    corners = np.unique(triangles[flat])
    _, first, same = np.unique(np.round(vertices[corners] / _SAME_MM), axis=0, return_index=True, return_inverse=True)
    stands = np.arange(len(vertices), dtype=np.int32)
    stands[corners] = corners[first[same]]
    out = stands[triangles]
    return out[(out[:, 0] != out[:, 1]) & (out[:, 1] != out[:, 2]) & (out[:, 2] != out[:, 0])]


def _flat(vertices: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the numbers of the triangles without height."""
    corners = vertices[triangles]
    doubled = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    return np.flatnonzero(doubled <= _FLAT_MM * longest)


def _turned(vertices: NDArray[np.float64], triangles: NDArray[np.int32], flat: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the triangles after the long edge of each flat one was turned; two that lie back to back are left out."""
    out = triangles.copy()
    edges = {(int(row[k]), int(row[(k + 1) % 3])): number for number, row in enumerate(triangles) for k in range(3)}
    gone: list[int] = []
    touched: set[int] = set()
    for number in flat.tolist():
        row = out[number]
        lengths = [float(np.linalg.norm(vertices[row[(k + 1) % 3]] - vertices[row[k]])) for k in range(3)]
        first = (int(np.argmax(lengths)) + 1) % 3  # a facet a, b, c whose edge c → a is the longest
        a, b, c = (int(row[(first + k) % 3]) for k in range(3))
        across = edges[a, c]
        if number in touched or across in touched:
            continue  # in the next pass
        touched |= {number, across}
        (d,) = (int(vertex) for vertex in out[across] if vertex not in (a, c))
        if d == b:
            gone += [number, across]
        else:
            out[number], out[across] = (a, b, d), (b, c, d)
    return np.delete(out, gone, axis=0)
