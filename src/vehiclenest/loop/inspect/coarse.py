"""A coarse signed distance field of a part on a dense grid, for searching: trilinear, a few cells' worth of memory per lookup.

Distances at the nodes are exact; between them the field is trilinear: good to a small part of the step away from edges, not to metrology.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh, Points

Values = NDArray[np.float32]
NODES = 500_000
_BORDER = 0.01  # steps: what is cut off at the upper border
_MARGIN = 0.08  # of the diagonal, on every side


class Surface(Protocol):
    """What knows exact distances from a mesh, as `field.Field` does."""

    def distance(self, points: Points) -> NDArray[Any]:
        """Return the signed distance (n,) of every point (n, 3), in mm; negative is inside."""
        ...

    def nearest(self, points: Points) -> tuple[NDArray[Any], Points]:
        """Return the signed distance (n,) of every point (n, 3) and its gradient (n, 3)."""
        ...


@dataclass(frozen=True)
class CoarseField:
    """Signed distances `values` (nx, ny, nz) in mm, negative inside, at `origin` (3,) + `step` × index."""

    origin: Points
    step: float
    values: Values

    @classmethod
    def of(cls, mesh: Mesh, surface: Surface, nodes: int = NODES) -> "CoarseField":
        """Return the field of a closed mesh from its exact distances, with about so many nodes in the box around it."""
        margin = _MARGIN * mesh.diagonal_mm
        span = mesh.high - mesh.low + 2 * margin
        step = float((span.prod() / nodes) ** (1 / 3))
        shape = np.ceil(span / step).astype(np.int64) + 1
        origin = mesh.low - margin
        places = np.indices(tuple(shape)).reshape(3, -1).T
        return cls(origin, step, surface.distance(origin + step * places).reshape(shape).astype(np.float32))

    def distance(self, points: Points) -> NDArray[np.float64]:
        """Return the signed distance (n,) of every point (n, 3), in mm; outside the grid it grows with the way to it."""
        return values_at(self.values, self.origin, self.step, points)

    def nearest(self, points: Points) -> tuple[NDArray[np.float64], Points]:
        """Return the signed distance (n,) and its gradient (n, 3) at every point (n, 3)."""
        return slopes_at(self.values, self.origin, self.step, points)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def value_at(values: Values, x: float, y: float, z: float) -> float:
    """Return the value at coordinates in steps from the first node; beyond the grid, that at its border and the way to it (steps)."""
    nx, ny, nz = values.shape
    cx = min(max(x, 0.0), nx - 1.001)
    cy = min(max(y, 0.0), ny - 1.001)
    cz = min(max(z, 0.0), nz - 1.001)
    i, j, k = int(cx), int(cy), int(cz)
    u, v, w = cx - i, cy - j, cz - k
    low = (values[i, j, k] * (1 - w) + values[i, j, k + 1] * w) * (1 - v)
    low += (values[i, j + 1, k] * (1 - w) + values[i, j + 1, k + 1] * w) * v
    high = (values[i + 1, j, k] * (1 - w) + values[i + 1, j, k + 1] * w) * (1 - v)
    high += (values[i + 1, j + 1, k] * (1 - w) + values[i + 1, j + 1, k + 1] * w) * v
    beyond = abs(x - cx) + abs(y - cy) + abs(z - cz)
    return low * (1 - u) + high * u + (beyond if beyond > _BORDER else 0.0)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def slope_at(values: Values, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return the value at coordinates in steps, within the grid's border, and its gradient per step."""
    nx, ny, nz = values.shape
    cx = min(max(x, 0.0), nx - 1.001)
    cy = min(max(y, 0.0), ny - 1.001)
    cz = min(max(z, 0.0), nz - 1.001)
    i, j, k = int(cx), int(cy), int(cz)
    u, v, w = cx - i, cy - j, cz - k
    v000, v001, v010, v011 = values[i, j, k], values[i, j, k + 1], values[i, j + 1, k], values[i, j + 1, k + 1]
    v100, v101, v110, v111 = values[i + 1, j, k], values[i + 1, j, k + 1], values[i + 1, j + 1, k], values[i + 1, j + 1, k + 1]
    a00, a01 = v000 + (v001 - v000) * w, v010 + (v011 - v010) * w
    a10, a11 = v100 + (v101 - v100) * w, v110 + (v111 - v110) * w
    b0, b1 = a00 + (a01 - a00) * v, a10 + (a11 - a10) * v
    gy = (a01 - a00) * (1 - u) + (a11 - a10) * u
    near = (v001 - v000) * (1 - v) + (v011 - v010) * v
    away = (v101 - v100) * (1 - v) + (v111 - v110) * v
    return b0 + (b1 - b0) * u, b1 - b0, gy, near * (1 - u) + away * u


@njit(cache=True, nogil=True)
def values_at(values: Values, origin: Points, step: float, points: Points) -> NDArray[np.float64]:
    """Return the field (n,) in mm at points (n, 3)."""
    out = np.empty(len(points))
    scaled = 1 / step
    for row in range(len(points)):
        x, y, z = (
            (points[row, 0] - origin[0]) * scaled,
            (points[row, 1] - origin[1]) * scaled,
            (points[row, 2] - origin[2]) * scaled,
        )
        nx, ny, nz = values.shape
        beyond = max(-x, 0.0, x - nx + 1) + max(-y, 0.0, y - ny + 1) + max(-z, 0.0, z - nz + 1)
        out[row] = slope_at(values, x, y, z)[0] + beyond * step
    return out


@njit(cache=True, nogil=True)
def slopes_at(values: Values, origin: Points, step: float, points: Points) -> tuple[NDArray[np.float64], Points]:
    """Return the field (n,) in mm and its gradient (n, 3) at points (n, 3)."""
    out, slopes = np.empty(len(points)), np.empty((len(points), 3))
    scaled = 1 / step
    for row in range(len(points)):
        x, y, z = (
            (points[row, 0] - origin[0]) * scaled,
            (points[row, 1] - origin[1]) * scaled,
            (points[row, 2] - origin[2]) * scaled,
        )
        out[row], gx, gy, gz = slope_at(values, x, y, z)
        slopes[row, 0], slopes[row, 1], slopes[row, 2] = gx * scaled, gy * scaled, gz * scaled
    return out, slopes
