"""Pairs of oriented points as keys: what two surface points say of a shape whatever its pose, after Drost et al., CVPR 2010.

A pair is described by its length and by three angles: each normal against the line between the points, and normal against normal. The
angles carry no sign, for a scan does not say which side of its surface is outside. Lengths are true to scale, on one ladder for all parts.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vehiclenest.loop.inspect.align import cost
from vehiclenest.loop.inspect.coarse import Values
from vehiclenest.loop.inspect.mesh import Points

Whole = NDArray[np.int64]
Small = NDArray[np.int32]
Real = NDArray[np.float64]
RUNG = 1.09  # each length bin is this much longer than the one before
SHORTEST_MM = 2.0
RUNGS = 72  # up to 990 mm
ANGLES = 6  # bins of 15°
BINS = RUNGS * ANGLES**3
_AGREES = 0.3  # of cosines and sines that ought to be equal


@njit(cache=True, nogil=True, inline="always")
def _angle_bin(cosine: float) -> int:
    return min(ANGLES - 1, int(np.arccos(min(1.0, abs(cosine))) * (2 * ANGLES / np.pi)))


@njit(cache=True, nogil=True)
def key(points: Points, normals: Points, one: int, other: int) -> int:
    """Return the bin of an ordered pair of points (n, 3) with normals (n, 3); −1 where it is too short or too long."""
    x, y, z = points[other, 0] - points[one, 0], points[other, 1] - points[one, 1], points[other, 2] - points[one, 2]
    length = np.sqrt(x * x + y * y + z * z)
    if length < SHORTEST_MM:
        return -1
    rung = int(np.log(length / SHORTEST_MM) / np.log(RUNG))
    if rung >= RUNGS:
        return -1
    first = (normals[one, 0] * x + normals[one, 1] * y + normals[one, 2] * z) / length
    second = (normals[other, 0] * x + normals[other, 1] * y + normals[other, 2] * z) / length
    both = normals[one, 0] * normals[other, 0] + normals[one, 1] * normals[other, 1] + normals[one, 2] * normals[other, 2]
    return ((rung * ANGLES + _angle_bin(first)) * ANGLES + _angle_bin(second)) * ANGLES + _angle_bin(both)


@njit(cache=True, nogil=True)
def table(points: Points, normals: Points, shortest: float) -> tuple[Small, Small]:
    """Return where each bin starts (BINS + 1,) among the ordered pairs (i × n + j), and the pairs, of at least `shortest` mm."""
    count = len(points)
    keys = np.full(count * count, -1, dtype=np.int32)
    starts = np.zeros(BINS + 1, dtype=np.int32)
    for one in range(count):
        for other in range(count):
            x, y, z = points[other, 0] - points[one, 0], points[other, 1] - points[one, 1], points[other, 2] - points[one, 2]
            if x * x + y * y + z * z < shortest * shortest:
                continue
            found = key(points, normals, one, other)
            keys[one * count + other] = found
            if found >= 0:
                starts[found + 1] += 1
    for row in range(BINS):
        starts[row + 1] += starts[row]
    places = starts[:-1].copy()
    pairs = np.empty(starts[-1], dtype=np.int32)
    for row in range(len(keys)):
        found = keys[row]
        if found >= 0:
            pairs[places[found]] = row
            places[found] += 1
    return starts, pairs


@njit(cache=True, nogil=True)
def keys_of(points: Points, normals: Points, ones: Whole, others: Whole) -> Whole:
    """Return the bins (m,) of pairs given by the numbers of their points."""
    out = np.empty(len(ones), dtype=np.int64)
    for row in range(len(ones)):
        out[row] = key(points, normals, ones[row], others[row])
    return out


@njit(cache=True, nogil=True, inline="always")
def _dot(one: Real, other: Real) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


@njit(cache=True, nogil=True)
def _frame(line: Real, across: Real, out: Real) -> None:
    """Write the rows (3, 3) of a frame: the unit line, the direction across it that a vector has, and the third."""
    along = _dot(across, line)
    size = 0.0
    for axis in range(3):
        out[0, axis] = line[axis]
        out[1, axis] = across[axis] - along * line[axis]
        size += out[1, axis] ** 2
    scaled = 1 / max(np.sqrt(size), 1e-12)
    for axis in range(3):
        out[1, axis] *= scaled
    out[2, 0] = out[0, 1] * out[1, 2] - out[0, 2] * out[1, 1]
    out[2, 1] = out[0, 2] * out[1, 0] - out[0, 0] * out[1, 2]
    out[2, 2] = out[0, 0] * out[1, 1] - out[0, 1] * out[1, 0]


@njit(cache=True, nogil=True)
def _lay(source: Real, target: Real, side: float, a: Real, b: Real, p: Real, q: Real, pose: Real) -> None:
    """Write the motion (4, 4) that lays frame on frame (their normals turned round where `side` is −1) and middle on middle."""
    for i in range(3):
        for j in range(3):
            pose[i, j] = target[0, i] * source[0, j] + side * (target[1, i] * source[1, j] + target[2, i] * source[2, j])
    for i in range(3):
        moved = 0.0
        for j in range(3):
            moved += pose[i, j] * (a[j] + b[j])
        pose[i, 3] = (p[i] + q[i] - moved) / 2


@njit(cache=True, nogil=True, inline="always")
def _seen(pose: Real, normal: Real, other: Real) -> float:
    """Return the cosine between a normal after a motion and another."""
    return _dot(pose[0], normal) * other[0] + _dot(pose[1], normal) * other[1] + _dot(pose[2], normal) * other[2]


@njit(cache=True, nogil=True)
def proposed(
    model: Points,
    model_normals: Points,
    starts: Small,
    pairs: Small,
    scan: Points,
    scan_normals: Points,
    ones: Whole,
    others: Whole,
    keys: Whole,
    values: Values,
    origin: Real,
    step: float,
    probe: Points,
    width: float,
    slack: float,
    most: int,
) -> tuple[Points, Real]:
    """Return the motions (m, 4, 4) that lay pairs of the scan on like pairs of the model, with their cost (m,) on `probe` (n, 3).

    A motion whose cost is beyond `slack` times the best so far is dropped; no more than `most` pairs of the model are tried in all.
    """
    poses, costs = np.empty((most, 4, 4)), np.empty(most)
    found, tried, best = 0, 0, width
    pose, source, target, way = np.eye(4), np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    for row in range(len(ones)):
        a, b = scan[ones[row]], scan[others[row]]
        line = (b - a) / np.sqrt(_dot(b - a, b - a))
        n, m = scan_normals[ones[row]], scan_normals[others[row]]
        lean, lean_other = _dot(n, line), _dot(m, line)
        on_first = abs(lean) <= abs(lean_other)  # the normal more across the line fixes the turn
        fixing, checking, leans = (n, m, lean) if on_first else (m, n, lean_other)
        _frame(line, fixing, source)
        for place in range(starts[keys[row]], starts[keys[row] + 1]):
            if tried >= most or found >= most - 1:
                return poses[:found], costs[:found]
            tried += 1
            first, second = pairs[place] // len(model), pairs[place] % len(model)
            p, q = model[first], model[second]
            length = np.sqrt((q[0] - p[0]) ** 2 + (q[1] - p[1]) ** 2 + (q[2] - p[2]) ** 2)
            for axis in range(3):
                way[axis] = (q[axis] - p[axis]) / length
            fixed, checked = first if on_first else second, second if on_first else first
            lies = _dot(model_normals[fixed], way)
            _frame(way, model_normals[fixed], target)
            for side in (1.0, -1.0):
                if abs(side * leans - lies) > _AGREES:
                    continue
                _lay(source, target, side, a, b, p, q, pose)
                if abs(_seen(pose, checking, model_normals[checked])) < 1 - _AGREES:
                    continue
                fit = cost(values, origin, step, pose, probe, width, slack * best)
                if fit < np.inf and found < most:
                    poses[found] = pose
                    costs[found] = fit
                    found += 1
                    best = min(best, fit)
    return poses[:found], costs[:found]
