"""The distances of one point from many triangles, laid out so that the processor takes several of them at a time.

A triangle is a row of numbers in its own plane: A at the origin, B at (length, 0) along the longest edge, C at (x, y) above it. Eight
rows lie side by side, number by number, and no step of the sum depends on a branch.
"""

import numpy as np
from numba import njit

from vehiclenest.loop.inspect.triangle import Real, Whole

LANES = 64
WIDE = (
    17  # axes along, across and out of the plane with their offsets, length, x, y, and of AC and BC one over the squared length
)
_GROUP = LANES * WIDE


def rows_of(corners: Real) -> Real:
    """Return a row (t, 17) for every triangle with corners (t, 3, 3) in mm."""
    lengths = np.stack([((corners[:, (k + 1) % 3] - corners[:, k]) ** 2).sum(axis=1) for k in range(3)], axis=1)
    longest = lengths.argmax(axis=1)
    number = np.arange(len(corners))
    start, end, apex = (corners[number, (longest + k) % 3] for k in range(3))
    length = np.linalg.norm(end - start, axis=1)
    along = (end - start) / length[:, None]
    x = np.einsum("ij,ij->i", along, apex - start)
    rise = apex - start - x[:, None] * along
    y = np.linalg.norm(rise, axis=1)
    across = rise / np.maximum(y, 1e-300)[:, None]
    out = np.empty((len(corners), WIDE))
    for axis, way in enumerate((along, across, np.cross(along, across))):
        out[:, 4 * axis : 4 * axis + 3] = way
        out[:, 4 * axis + 3] = np.einsum("ij,ij->i", way, start)
    out[:, 12], out[:, 13], out[:, 14] = length, x, y
    out[:, 15], out[:, 16] = 1 / (x * x + y * y), 1 / ((x - length) ** 2 + y * y)
    return out


@njit(cache=True)
def pack(rows: Real, given: Whole, count: int, out: Real) -> None:
    """Write the rows of some triangles side by side into `out`, which has room for WIDE numbers of each, and of LANES at least."""
    for place in range(count):
        start = place // LANES * _GROUP + place % LANES
        for column in range(WIDE):
            out[start + LANES * column] = rows[given[place], column]


@njit(cache=True)
def repack(packed: Real, place: int, out: Real, target: int) -> None:
    """Copy one row to another place in `out`."""
    start, end = place // LANES * _GROUP + place % LANES, target // LANES * _GROUP + target % LANES
    for column in range(WIDE):
        out[end + LANES * column] = packed[start + LANES * column]


@njit(cache=True)
def squares(packed: Real, count: int, x: float, y: float, z: float, out: Real) -> None:
    """Write the squared distances of a point from packed triangles into `out`, and anything up to the next multiple of eight."""
    for group in range((count + LANES - 1) // LANES):
        base = group * _GROUP
        for lane in range(min(LANES, count - group * LANES)):
            i = base + lane
            u = packed[i] * x + packed[i + LANES] * y + packed[i + 2 * LANES] * z - packed[i + 3 * LANES]
            v = packed[i + 4 * LANES] * x + packed[i + 5 * LANES] * y + packed[i + 6 * LANES] * z - packed[i + 7 * LANES]
            h = packed[i + 8 * LANES] * x + packed[i + 9 * LANES] * y + packed[i + 10 * LANES] * z - packed[i + 11 * LANES]
            length, cx, cy = packed[i + 12 * LANES], packed[i + 13 * LANES], packed[i + 14 * LANES]
            s = u - (0.0 if u < 0.0 else min(u, length))
            near = s * s + v * v
            share = (u * cx + v * cy) * packed[i + 15 * LANES]
            share = 0.0 if share < 0.0 else min(share, 1.0)
            du, dv = u - share * cx, v - share * cy
            size = du * du + dv * dv
            near = min(near, size)
            bx, w = cx - length, u - length
            share = (w * bx + v * cy) * packed[i + 16 * LANES]
            share = 0.0 if share < 0.0 else min(share, 1.0)
            du, dv = w - share * bx, v - share * cy
            size = du * du + dv * dv
            near = min(near, size)
            near = 0.0 if (v > 0.0) & (cx * v < cy * u) & (bx * v > cy * w) else near
            out[group * LANES + lane] = h * h + near
