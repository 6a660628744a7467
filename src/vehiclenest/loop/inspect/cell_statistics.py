"""A scan averaged over cells: robust mean, spread and count of each, points sorted by cell; and what is smoothed over neighbours."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import move
from vehiclenest.loop.inspect.surface_cells import SurfaceCells
from vehiclenest.loop.inspect.surface_kernels import Real, Whole, assigned

_CLIP = 4.0  # spreads beyond which a point does not count for the mean of its cell
_MAD = 1.4826  # of a normal distribution
_LEAST_POINTS = 8
_FEW = 2
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Gathered:
    """Points of cell i are rows `order[first[i]:first[i + 1]]`, their distances ascending in `values`; mean, variance, count (c,).

    Points (n, 3) and distances (n,) are those of the scan, which a pose (4, 4) moves into the reference's frame.
    """

    first: Whole
    order: Whole
    values: Real
    mean: Real
    variance: Real
    count: Real
    lost: int
    points: NDArray[np.floating]
    distances: NDArray[np.floating]
    pose: Real

    def members(self, cells: Whole) -> tuple[Whole, Real, Real]:
        """Return the points of some cells: the cell of each (k,), its place in the reference's frame (k, 3) and its distance (k,), mm."""
        own = [self.order[self.first[cell] : self.first[cell + 1]] for cell in cells.tolist()]
        rows = np.concatenate(own)
        places = move(self.pose, self.points[rows].astype(np.float64))
        return np.repeat(cells, [len(some) for some in own]), places, np.asarray(self.distances[rows], dtype=np.float64)

    @property
    def noise_mm(self) -> float:
        """Noise of a single point: the median over the cells, which neither defects nor edges reach."""
        full = self.count >= _LEAST_POINTS
        return float(np.sqrt(np.median(self.variance[full]))) if full.any() else float("nan")


def gather(
    cells: SurfaceCells, points: NDArray[np.floating], distances: NDArray[np.floating], pose: Real | None = None
) -> Gathered:
    """Return the statistics in the cells of points (n, 3), moved by a pose (4, 4) first, with signed distances (n,), all in mm."""
    motion = np.eye(4) if pose is None else pose
    cell = assigned(points, motion, distances, cells.origin, cells.edge_mm, cells.grid, cells.voxel, cells.planes)
    first, order, values = _sorted_by_cell(cell, distances, len(cells))
    mean, variance, count = _statistics(first, values)
    lost = int(np.count_nonzero(cell < 0))
    return Gathered(first, order, values, mean, variance, count, lost, points, distances, motion)


@njit(cache=True)
def _sorted_by_cell(cell: Whole, distances: NDArray[np.floating], count: int) -> tuple[Whole, Whole, Real]:
    first = np.zeros(count + 1, dtype=np.int32)
    for row in range(len(cell)):
        if cell[row] >= 0:
            first[cell[row] + 1] += 1
    for place in range(count):
        first[place + 1] += first[place]
    filled = first[:-1].copy()
    order = np.empty(first[count], dtype=np.int32)
    values = np.empty(first[count])
    for row in range(len(cell)):
        if cell[row] >= 0:
            order[filled[cell[row]]] = row
            values[filled[cell[row]]] = distances[row]
            filled[cell[row]] += 1
    return first, order, values


@njit(cache=True)
def _median_of(ordered: Real) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half] + ordered[half - 1]) / 2


@njit(cache=True, parallel=True)
def _statistics(first: Whole, values: Real) -> tuple[Real, Real, Real]:
    """Sort the values of every cell in place; return mean and variance without outliers, and how many points that leaves."""
    cells = len(first) - 1
    mean, variance, count = np.zeros(cells), np.zeros(cells), np.zeros(cells)
    for cell in prange(cells):
        own = values[first[cell] : first[cell + 1]]
        if len(own) == 0:
            continue
        for place in range(1, len(own)):
            value, back = own[place], place - 1
            while back >= 0 and own[back] > value:
                own[back + 1] = own[back]
                back -= 1
            own[back + 1] = value
        # half of the points span 1.349 spreads of a normal distribution
        middle = _median_of(own)
        spread = (own[(3 * len(own)) // 4] - own[len(own) // 4]) / 1.349
        limit = _CLIP * spread if len(own) > _FEW * 2 and spread > 0 else np.inf
        total, squares, kept = 0.0, 0.0, 0
        for value in own:
            if abs(value - middle) <= limit:
                total += value - middle
                squares += (value - middle) ** 2
                kept += 1
        mean[cell] = middle + total / kept if len(own) > _FEW else middle
        count[cell] = kept
        if kept > 1:
            variance[cell] = max(0.0, (squares - total * total / kept) / (kept - 1))
    return mean, variance, count


@njit(cache=True)
def _middle(values: Real, size: int) -> float:
    """Return the median of the first values, which change their order (Hoare 1961)."""
    half = size // 2
    low, high = 0, size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if half <= j:
            high = j
        elif half >= i:
            low = i
        else:
            break
    if size % 2:
        return values[half]
    below = values[0]
    for place in range(1, half):
        below = max(below, values[place])
    return (below + values[half]) / 2


@njit(cache=True, parallel=True)
def medians(first: Whole, to: Whole, values: Real, valid: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Real:
    """Return the median of the valid neighbours of each wanted row; not a number where it has none or is not wanted."""
    out = np.full(len(values), np.nan)
    longest = 0
    for row in range(len(values)):
        longest = max(longest, first[row + 1] - first[row])
    blocks = (len(values) + _BLOCK - 1) // _BLOCK
    for block in prange(blocks):
        own = np.empty(longest)
        for row in range(block * _BLOCK, min(len(values), (block + 1) * _BLOCK)):
            size = 0
            if wanted[row]:
                for link in range(first[row], first[row + 1]):
                    if valid[to[link]]:
                        own[size] = values[to[link]]
                        size += 1
            if size > 0:
                out[row] = _middle(own, size)
    return out


@njit(cache=True)
def spread_to_unknown(first: Whole, to: Whole, level: Real) -> Real:
    """Return the levels; those that are no numbers become the mean of their neighbours', ring by ring, naught where no way leads to one."""
    out = level.copy()
    unknown = np.flatnonzero(np.isnan(out))
    while len(unknown) > 0:
        found = np.full(len(unknown), np.nan)
        for place, row in enumerate(unknown):
            total, count = 0.0, 0
            for link in range(first[row], first[row + 1]):
                if not np.isnan(out[to[link]]):
                    total += out[to[link]]
                    count += 1
            if count > 0:
                found[place] = total / count
        out[unknown] = found
        left = unknown[np.isnan(found)]
        if len(left) == len(unknown):
            out[left] = 0.0
            break
        unknown = left
    return out


@njit(cache=True, parallel=True)
def clipped_means(first: Whole, to: Whole, values: Real, weights: Real, wanted: NDArray[np.bool_], limit: float) -> Real:
    """Return for each wanted row the weighted mean of neighbours whose value is within the limit of naught; naught without one."""
    out = np.zeros(len(values))
    for row in prange(len(values)):
        if not wanted[row]:
            continue
        total, whole = 0.0, 0.0
        for link in range(first[row], first[row + 1]):
            other = to[link]
            if abs(values[other]) <= limit:
                total += weights[other] * values[other]
                whole += weights[other]
        if whole > 0:
            out[row] = total / whole
    return out


@njit(cache=True, parallel=True)
def nearest_level(first: Whole, to: Whole, patch: Whole, levels: Real, means: Real, counts: Real) -> Real:
    """Return for every cell the level of its patch, or of a patch that touches it where that is nearer to the cell's mean."""
    out = np.empty(len(patch))
    for cell in prange(len(patch)):
        level = levels[patch[cell]]
        if counts[cell] > 0:
            for link in range(first[patch[cell]], first[patch[cell] + 1]):
                other = levels[to[link]]
                if abs(means[cell] - other) < abs(means[cell] - level):
                    level = other
        out[cell] = level
    return out


@njit(cache=True, parallel=True)
def matched(
    first: Whole, to: Whole, planes: Real, residual: Real, weights: Real, fine: float, wide: float
) -> tuple[Real, Real, Real, Real]:
    """Return depth and its deviation (c,) of the dent that fits each cell's neighbours best: of half width `fine`, then of `wide`, mm.

    The profile is (1 − r²/R²)², within 0.07 of a raised cosine. `weights` are one over the variance of `residual`.
    """
    count = len(residual)
    fine_depth, fine_spread = np.zeros(count), np.full(count, np.inf)
    wide_depth, wide_spread = np.zeros(count), np.full(count, np.inf)
    for cell in prange(count):
        if weights[cell] <= 0:
            continue
        fine_top, fine_bottom, wide_top, wide_bottom = 0.0, 0.0, 0.0, 0.0
        for link in range(first[cell], first[cell + 1]):
            other = to[link]
            weight = weights[other]
            if weight <= 0:
                continue
            far = 0.0
            for axis in range(3):
                far += (planes[other, axis] - planes[cell, axis]) ** 2
            if far < wide * wide:
                shape = (1 - far / (wide * wide)) ** 2
                wide_top += shape * weight * residual[other]
                wide_bottom += shape * shape * weight
            if far < fine * fine:
                shape = (1 - far / (fine * fine)) ** 2
                fine_top += shape * weight * residual[other]
                fine_bottom += shape * shape * weight
        if fine_bottom > 0:
            fine_depth[cell], fine_spread[cell] = fine_top / fine_bottom, 1 / np.sqrt(fine_bottom)
        if wide_bottom > 0:
            wide_depth[cell], wide_spread[cell] = wide_top / wide_bottom, 1 / np.sqrt(wide_bottom)
    return fine_depth, fine_spread, wide_depth, wide_spread


@njit(cache=True, parallel=True)
def low_points(first: Whole, values: Real, level: Real, beyond: float) -> tuple[Real, Real]:
    """Return how many points (c,) lie more than `beyond` mm under the level of their cell, and their mean depth below it."""
    count, depth = np.zeros(len(level)), np.zeros(len(level))
    for cell in prange(len(level)):
        for place in range(first[cell], first[cell + 1]):
            under = level[cell] - values[place]
            if under <= beyond:
                break
            count[cell] += 1
            depth[cell] += under
        if count[cell] > 0:
            depth[cell] /= count[cell]
    return count, depth
