"""Cells of a grid near a surface: in each a plane that is certified to give the distance, or the triangles that can be nearest.

A triangle is left out of a cell only where, at the centre of every one of its eight parts, it is farther than the nearest one by
more than the diagonal of the part: distance changes no faster than the point moves, so it is nearest nowhere in the cell.

A plane n·x = c stands for a cell whose candidates' normals lie within an angle θ of n. Where the nearest point is inside a
candidate, the distance is that to its plane, and two planes differ most at a corner of the cell. Where it is on an edge or corner,
all triangles around it are candidates, the surface there is a graph of slope ≤ tan θ over the plane, and the way to the point is
within 2θ of each candidate's normal: its length exceeds the height over the plane by at most 2θ² of itself. The sum of both is the
bound. It asks that the triangles around a vertex go round it once: `folded` names those around others, which certify no cell.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from vehiclenest.loop.inspect.tree import nearest_triangle, triangles_within
from vehiclenest.loop.inspect.triangle import Real, Whole, nearest

EDGE = 8  # cells along a block
CELLS = EDGE**3
LONGEST = 40  # triangles in a list; a cell that needs more is left to the tree
EMPTY = 0
_SQUARED_CHORD = 1.1  # θ² is at most so many times the square of its chord as long as θ < 1
_WIDEST = 0.05  # θ² beyond which a plane is not tried
_FEW = 4  # triangles in a list that is not worth shortening
_GATHERED = 4096
_HALF_DIAGONAL = np.sqrt(3.0) / 2
_ROOM = 1e-9  # mm: rounding of distances in double precision, far above what it is


@njit(cache=True, parallel=True)
def block_distances(boxes: Real, links: Whole, order: Whole, table: Real, centres: Real, reach: float) -> Real:
    """Return the distance (b,) of each centre (b, 3) from the surface; infinite where it is beyond `reach`. All in mm."""
    out = np.empty(len(centres))
    for block in prange(len(centres)):
        found, size = nearest_triangle(
            boxes, links, order, table, centres[block, 0], centres[block, 1], centres[block, 2], reach * reach
        )
        out[block] = np.sqrt(size) if found >= 0 else np.inf
    return out


@njit(cache=True)
def _sized(
    table: Real, given: Whole, known: Real, first: int, count: int, centre: Real, moved: float, diagonal: float, sizes: Real
) -> float:
    """Write the distances of a point from triangles into `sizes`; return the least.

    `known` are those of a point `moved` away from it, `first` is the place of the nearest there. A triangle that by this is farther
    than the least by more than `diagonal` is passed over, its distance infinite. All in mm.
    """
    least = np.sqrt(nearest(table, given[first], centre[0], centre[1], centre[2])[0])
    for place in range(count):
        if known[place] > least + moved + diagonal + _ROOM:
            sizes[place] = np.inf
            continue
        sizes[place] = np.sqrt(nearest(table, given[place], centre[0], centre[1], centre[2])[0])
        least = min(least, sizes[place])
    return least


@njit(cache=True)
def _kept(given: Whole, sizes: Real, count: int, limit: float, out: Whole, kept_sizes: Real) -> tuple[int, int]:
    """Write the triangles up to a distance into `out`; return how many, and the place of the nearest of them."""
    kept, first = 0, 0
    for place in range(count):
        if sizes[place] <= limit:
            out[kept], kept_sizes[kept] = given[place], sizes[place]
            if sizes[place] < kept_sizes[first]:
                first = kept
            kept += 1
    return kept, first


@njit(cache=True)
def _narrowed(
    table: Real,
    given: Whole,
    known: Real,
    first: int,
    count: int,
    centre: Real,
    side: float,
    sizes: Real,
    out: Whole,
    out_sizes: Real,
) -> int:
    """Write those of the triangles into `out` that can be nearest in one of the eight parts of a cube; return how many.

    `known` are their distances from the cube's centre, in mm.
    """
    chosen = np.zeros(count, dtype=np.bool_)
    part = np.empty(3)
    half = _HALF_DIAGONAL * side
    for eighth in range(8):
        for axis in range(3):
            part[axis] = centre[axis] + (0.25 if (eighth >> axis) & 1 else -0.25) * side
        limit = _sized(table, given, known, first, count, part, half / 2, half, sizes) + half + _ROOM
        for place in range(count):
            if sizes[place] <= limit:
                chosen[place] = True
    kept = 0
    for place in range(count):
        if chosen[place]:
            out[kept], out_sizes[kept] = given[place], known[place]
            kept += 1
    return kept


@njit(cache=True)
def _certified(
    table: Real,
    folded: NDArray[np.bool_],
    given: Whole,
    count: int,
    first: int,
    centre: Real,
    side: float,
    farthest: float,
    bound: float,
) -> int:
    """Return the triangle whose plane is within `bound` of the distance all over a cube; −1 where none is."""
    for place in range(count):
        if folded[given[place]]:
            return -1
    for choice in range(2):  # the nearest, or whichever comes first
        row = given[first if choice == 0 else 0]
        good = True
        for place in range(count):
            other = given[place]
            dx, dy, dz = table[other, 12] - table[row, 12], table[other, 13] - table[row, 13], table[other, 14] - table[row, 14]
            angle_squared = (dx * dx + dy * dy + dz * dz) * _SQUARED_CHORD
            if angle_squared > _WIDEST:
                good = False
                break
            difference = dx * centre[0] + dy * centre[1] + dz * centre[2] - table[other, 15] + table[row, 15]
            most = abs(difference) + side / 2 * (abs(dx) + abs(dy) + abs(dz))
            if most + 2 * angle_squared * farthest > bound:
                good = False
                break
        if good:
            return row
    return -1


@njit(cache=True)
def _by_distance(given: Whole, sizes: Real, count: int) -> None:
    """Sort triangles by their distance from a point, for the nearest tried first lets others be passed over."""
    for place in range(1, count):
        size, triangle, back = sizes[place], given[place], place
        while back > 0 and sizes[back - 1] > size:
            sizes[back], given[back] = sizes[back - 1], given[back - 1]
            back -= 1
        sizes[back], given[back] = size, triangle


@njit(cache=True)
def _fill_block(
    table: Real,
    folded: NDArray[np.bool_],
    given: Whole,
    count: int,
    corner: Real,
    cell: float,
    band: float,
    bound: float,
    codes: Whole,
    lists: Whole,
) -> int:
    """Write the codes (512,) of a block's cells and its lists; return how many numbers of `lists` are used.

    A code is 0 outside the band, 1 + place of a list in `lists` (its length first), or −1 − number of the certified plane's triangle.
    """
    levels = np.empty((4, max(count, 1)), dtype=np.int32)
    counts = np.zeros(4, dtype=np.int64)
    sizes = np.empty(max(count, 1))
    small = np.empty(max(count, 1), dtype=np.int32)
    levels[0, :count] = given[:count]
    counts[0] = count
    distances = np.zeros((4, max(count, 1)))  # 0 in the first row: nothing is known of a block's triangles
    firsts = np.zeros(4, dtype=np.int64)
    small_sizes = np.empty(max(count, 1))
    used = 0
    at = np.empty(3)
    slots = np.zeros(1024, dtype=np.int32)
    # cells in the order of an octree: whenever a digit of the index turns over, the level above is computed anew
    for number in range(CELLS):
        fresh = 1 if number % 64 == 0 else 2 if number % 8 == 0 else 3
        place = np.zeros(3, dtype=np.int64)
        for bit in range(3):
            for axis in range(3):
                place[axis] |= ((number >> (3 * bit + axis)) & 1) << bit
        code = EMPTY
        for level in range(fresh, 4):
            side = cell * (EDGE >> level)
            for axis in range(3):
                step = place[axis] >> (3 - level)
                at[axis] = corner[axis] + (step + 0.5) * side
            if counts[level - 1] == 0:
                counts[level] = 0
                continue
            half, up = _HALF_DIAGONAL * side, level - 1
            least = _sized(table, levels[up], distances[up], firsts[up], counts[up], at, half, 2 * half, sizes)
            if least - half > band:
                counts[level] = 0
                continue
            counts[level], firsts[level] = _kept(
                levels[up], sizes, counts[up], least + 2 * half + _ROOM, levels[level], distances[level]
            )
        if counts[3] > 0:
            given, known, kept = levels[3], distances[3], counts[3]
            farthest = known[firsts[3]] + _HALF_DIAGONAL * cell
            plane = _certified(table, folded, given, kept, firsts[3], at, cell, farthest, bound)
            if plane < 0 and kept > _FEW:
                kept = _narrowed(table, given, known, firsts[3], kept, at, cell, sizes, small, small_sizes)
                given, known = small, small_sizes
                plane = _certified(table, folded, given, kept, 0, at, cell, farthest, bound)
            if plane >= 0:
                code = -1 - plane
            elif kept <= LONGEST:
                _by_distance(given, known, kept)
                used, code = _listed(given, kept, lists, used, slots)
        codes[(place[0] * EDGE + place[1]) * EDGE + place[2]] = code
    return used


@njit(cache=True)
def _listed(given: Whole, count: int, lists: Whole, used: int, slots: Whole) -> tuple[int, int]:
    """Return how much of `lists` is used and the code of a list, which is written once a block however many cells share it."""
    key = np.int64(count)
    for place in range(count):
        key = (key * 31 + given[place]) & 0xFFFFFF
    slot = key % len(slots)
    while slots[slot] > 0:
        start = slots[slot] - 1
        same = lists[start] == count
        place = 0
        while same and place < count:
            same = lists[start + 1 + place] == given[place]
            place += 1
        if same:
            return used, start + 1
        slot = (slot + 1) % len(slots)
    slots[slot] = used + 1
    lists[used] = count
    for place in range(count):
        lists[used + 1 + place] = given[place]
    return used + count + 1, used + 1


@njit(cache=True, parallel=True)
def fill(
    boxes: Real,
    links: Whole,
    order: Whole,
    table: Real,
    folded: NDArray[np.bool_],
    corners: Real,
    distances: Real,
    cell: float,
    band: float,
    bound: float,
    codes: Whole,
    lists: Whole,
    used: NDArray[np.int64],
) -> None:
    """Fill blocks at `corners` (b, 3), whose centres are `distances` (b,) from the surface: codes (b, 512), lists (b, n), used (b,)."""
    half = EDGE * cell * _HALF_DIAGONAL
    for block in prange(len(corners)):
        middle = corners[block] + EDGE * cell / 2
        reach = distances[block] + 2 * half + _ROOM
        given = np.empty(_GATHERED, dtype=np.int32)
        count = triangles_within(boxes, links, order, table, middle[0], middle[1], middle[2], reach, given)
        if count > _GATHERED:
            given = np.empty(count, dtype=np.int32)
            count = triangles_within(boxes, links, order, table, middle[0], middle[1], middle[2], reach, given)
        used[block] = _fill_block(table, folded, given, count, corners[block], cell, band, bound, codes[block], lists[block])
