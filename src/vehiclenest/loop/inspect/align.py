"""Rigid motions against a distance field: many judged quickly, some refined by Gauss–Newton with a robust kernel.

Residuals are distances of the moved points from the surface, weighted as in Tukey's biweight, whose scale narrows from pass to pass.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vehiclenest.loop.inspect.coarse import Values, slope_at, value_at
from vehiclenest.loop.inspect.mesh import Points

Real = NDArray[np.float64]
_DAMPING = 1e-4  # of the mean of the diagonal: directions that the surface does not fix stay where they are


@njit(cache=True, nogil=True, fastmath=True)
def cost(values: Values, origin: Points, step: float, pose: Points, points: Points, width: float, enough: float) -> float:
    """Return the mean of min(|distance|, width) in mm over points (n, 3) after a motion (4, 4); stop early beyond `enough`."""
    scaled = 1 / step
    r00, r01, r02 = pose[0, 0] * scaled, pose[0, 1] * scaled, pose[0, 2] * scaled
    r10, r11, r12 = pose[1, 0] * scaled, pose[1, 1] * scaled, pose[1, 2] * scaled
    r20, r21, r22 = pose[2, 0] * scaled, pose[2, 1] * scaled, pose[2, 2] * scaled
    tx, ty, tz = (pose[0, 3] - origin[0]) * scaled, (pose[1, 3] - origin[1]) * scaled, (pose[2, 3] - origin[2]) * scaled
    total, most = 0.0, enough * len(points)
    for row in range(len(points)):
        px, py, pz = points[row, 0], points[row, 1], points[row, 2]
        x = r00 * px + r01 * py + r02 * pz + tx
        y = r10 * px + r11 * py + r12 * pz + ty
        z = r20 * px + r21 * py + r22 * pz + tz
        total += min(abs(value_at(values, x, y, z)), width)
        if total > most:
            return np.inf
    return total / len(points)


@njit(cache=True, nogil=True)
def costs(values: Values, origin: Points, step: float, poses: Points, points: Points, width: float) -> Real:
    """Return the cost (m,) of every motion (m, 4, 4), see `cost`."""
    out = np.empty(len(poses))
    for row in range(len(poses)):
        out[row] = cost(values, origin, step, poses[row], points, width, np.inf)
    return out


@njit(cache=True, nogil=True)
def spread(values: Values, origin: Points, step: float, poses: Points, points: Points, width: float) -> tuple[Real, Real]:
    """Return the least and greatest (n,) of min(|distance|, width) that each point (n, 3) has after the motions (m, 4, 4)."""
    least, most = np.full(len(points), np.inf), np.zeros(len(points))
    scaled = 1 / step
    for index in range(len(poses)):
        r, t = poses[index, :3, :3] * scaled, (poses[index, :3, 3] - origin) * scaled
        for row in range(len(points)):
            px, py, pz = points[row, 0], points[row, 1], points[row, 2]
            x = r[0, 0] * px + r[0, 1] * py + r[0, 2] * pz + t[0]
            y = r[1, 0] * px + r[1, 1] * py + r[1, 2] * pz + t[1]
            z = r[2, 0] * px + r[2, 1] * py + r[2, 2] * pz + t[2]
            away = min(abs(value_at(values, x, y, z)), width)
            least[row] = min(least[row], away)
            most[row] = max(most[row], away)
    return least, most


@njit(cache=True, nogil=True)
def turned(vector: Points) -> Points:
    """Return the rotation (3, 3) about a vector (3,) by its length, in rad."""
    angle = np.sqrt(np.sum(vector * vector))
    out = np.eye(3)
    if angle < 1e-12:  # noqa: PLR2004 - no rotation
        return out
    x, y, z = vector[0] / angle, vector[1] / angle, vector[2] / angle
    s, c = np.sin(angle), 1 - np.cos(angle)
    out[0, 0], out[0, 1], out[0, 2] = 1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y
    out[1, 0], out[1, 1], out[1, 2] = c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x
    out[2, 0], out[2, 1], out[2, 2] = c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)
    return out


@njit(cache=True, nogil=True)
def normal_equations(
    values: Values, origin: Points, step: float, pose: Points, points: Points, middle: Points, width: float
) -> tuple[Real, Real]:
    """Return the matrix (6, 6) and right side (6,) for a small motion (rotation about `middle`, shift) after the pose."""
    scaled = 1 / step
    matrix, side, j = np.zeros((6, 6)), np.zeros(6), np.empty(6)
    nx, ny, nz = values.shape
    for row in range(len(points)):
        px, py, pz = points[row, 0], points[row, 1], points[row, 2]
        x = pose[0, 0] * px + pose[0, 1] * py + pose[0, 2] * pz + pose[0, 3]
        y = pose[1, 0] * px + pose[1, 1] * py + pose[1, 2] * pz + pose[1, 3]
        z = pose[2, 0] * px + pose[2, 1] * py + pose[2, 2] * pz + pose[2, 3]
        gx, gy, gz = (x - origin[0]) * scaled, (y - origin[1]) * scaled, (z - origin[2]) * scaled
        if gx < -1 or gy < -1 or gz < -1 or gx > nx or gy > ny or gz > nz:
            continue
        away, sx, sy, sz = slope_at(values, gx, gy, gz)
        if abs(away) >= width:
            continue
        share = away / width
        weight = (1 - share * share) ** 2
        sx, sy, sz = sx * scaled, sy * scaled, sz * scaled
        x, y, z = x - middle[0], y - middle[1], z - middle[2]
        j[0], j[1], j[2] = y * sz - z * sy, z * sx - x * sz, x * sy - y * sx
        j[3], j[4], j[5] = sx, sy, sz
        for a in range(6):
            side[a] -= weight * j[a] * away
            for b in range(a + 1):
                matrix[a, b] += weight * j[a] * j[b]
    for a in range(6):
        for b in range(a):
            matrix[b, a] = matrix[a, b]
    return matrix, side


@njit(cache=True, nogil=True)
def solved(matrix: Real, side: Real) -> Real:
    """Return the solution (6,) of a symmetric system whose matrix is slightly damped; zero where it is empty."""
    spread = 0.0
    for a in range(3):
        spread += matrix[a, a] / max(matrix[a + 3, a + 3], 1e-30)
    reach = max(np.sqrt(spread / 3), 1e-9)  # mm for a rad: brings both halves to one unit
    out = np.zeros(6)
    m, v = matrix.copy(), side.copy()
    for a in range(3):
        m[a, :] /= reach
        m[:, a] /= reach
        v[a] /= reach
    trace = 0.0
    for a in range(6):
        trace += m[a, a]
    if trace <= 0:
        return out
    for a in range(6):
        m[a, a] += _DAMPING * trace / 6
    out[:] = np.linalg.solve(m, v)
    out[:3] /= reach
    return out


@njit(cache=True, nogil=True)
def moved_by(pose: Points, small: Real, middle: Points) -> Points:
    """Return the pose (4, 4) followed by a small motion (6,): a rotation about `middle`, then a shift."""
    out = np.eye(4)
    turn = turned(small[:3])
    out[:3, :3] = turn @ np.ascontiguousarray(pose[:3, :3])
    out[:3, 3] = turn @ (pose[:3, 3] - middle) + middle + small[3:]
    return out


@njit(cache=True, nogil=True)
def refined(values: Values, origin: Points, step: float, pose: Points, points: Points, middle: Points, widths: Real) -> Points:
    """Return the pose (4, 4) after one Gauss–Newton step at each of the kernel's `widths` (mm)."""
    out = pose.copy()
    for width in widths:
        matrix, side = normal_equations(values, origin, step, out, points, middle, width)
        out = moved_by(out, solved(matrix, side), middle)
    return out


@njit(cache=True, nogil=True)
def all_refined(
    values: Values, origin: Points, step: float, poses: Points, points: Points, middle: Points, widths: Real
) -> Points:
    """Return every pose (m, 4, 4) refined, see `refined`."""
    out = np.empty_like(poses)
    for row in range(len(poses)):
        out[row] = refined(values, origin, step, poses[row], points, middle, widths)
    return out


@njit(cache=True, nogil=True)
def distinct(poses: Points, middle: Points, angle: float, shift: float, most: int) -> NDArray[np.int64]:
    """Return the indices of poses (m, 4, 4), in order, that differ from all before by `angle` (rad) or by `shift` (mm) at `middle`.

    `middle` (3,) is a point that the poses move, about the middle of the scan.
    """
    kept = np.empty(most, dtype=np.int64)
    places = np.empty((len(poses), 3))
    count = 0
    least = 1 + 2 * np.cos(angle)
    for row in range(len(poses)):
        places[row] = np.ascontiguousarray(poses[row, :3, :3]) @ middle + poses[row, :3, 3]
        new = True
        for index in range(count):
            other = kept[index]
            trace, way = 0.0, 0.0
            for a in range(3):
                way += (places[row, a] - places[other, a]) ** 2
                for b in range(3):
                    trace += poses[row, a, b] * poses[other, a, b]
            if trace > least and way < shift * shift:
                new = False
                break
        if new:
            kept[count] = row
            count += 1
            if count == most:
                break
    return kept[:count]
