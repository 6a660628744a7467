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
_SIGNED = 0.25  # cosine from which a normal's side is known from its angle against the line
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


@njit(cache=True, nogil=True)
def _frame(line: Real, across: Real) -> Real:
    """Return the rows (3, 3) of a frame: the unit line, the direction across it that a vector has, and the third."""
    out = np.empty((3, 3))
    out[0] = line
    flat = across - np.dot(across, line) * line
    out[1] = flat / max(np.sqrt(np.dot(flat, flat)), 1e-12)
    out[2, 0] = out[0, 1] * out[1, 2] - out[0, 2] * out[1, 1]
    out[2, 1] = out[0, 2] * out[1, 0] - out[0, 0] * out[1, 2]
    out[2, 2] = out[0, 0] * out[1, 1] - out[0, 1] * out[1, 0]
    return out


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
    pose = np.eye(4)
    for row in range(len(ones)):
        a, b = scan[ones[row]], scan[others[row]]
        line = b - a
        length = np.sqrt(np.dot(line, line))
        line = line / length
        n, m = scan_normals[ones[row]], scan_normals[others[row]]
        lean, lean_other = np.dot(n, line), np.dot(m, line)
        for place in range(starts[keys[row]], starts[keys[row] + 1]):
            if tried >= most or found >= most - 1:
                return poses[:found], costs[:found]
            tried += 1
            first, second = pairs[place] // len(model), pairs[place] % len(model)
            p, q = model[first], model[second]
            way = q - p
            way = way / np.sqrt(np.dot(way, way))
            u, v = model_normals[first], model_normals[second]
            lies, lies_other = np.dot(u, way), np.dot(v, way)
            on_first = abs(lies) + abs(lean) <= abs(lies_other) + abs(
                lean_other
            )  # the normal more across the line fixes the turn
            for side in (1.0, -1.0):
                if on_first:
                    if abs(side * lean - lies) > _AGREES:
                        continue
                    source, target = _frame(line, side * n), _frame(way, u)
                else:
                    if abs(side * lean_other - lies_other) > _AGREES:
                        continue
                    source, target = _frame(line, side * m), _frame(way, v)
                turn = target.T @ source
                there = turn @ (m if on_first else n)
                if abs(np.dot(there, v if on_first else u)) < 1 - _AGREES:
                    continue
                pose[:3, :3] = turn
                pose[:3, 3] = (p + q) / 2 - turn @ ((a + b) / 2)
                fit = cost(values, origin, step, pose, probe, width, slack * best)
                if fit < np.inf and found < most:
                    poses[found] = pose
                    costs[found] = fit
                    found += 1
                    best = min(best, fit)
    return poses[:found], costs[:found]
