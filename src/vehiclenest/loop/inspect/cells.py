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

from vehiclenest.loop.inspect.batch import LANES, WIDE, pack, repack, squares
from vehiclenest.loop.inspect.tree import nearest_triangle, triangles_within
from vehiclenest.loop.inspect.triangle import Real, Whole, above

EDGE = 8  # cells along a block
CELLS = EDGE**3
LONGEST = 40  # triangles in a list; a cell that needs more is left to the tree
EMPTY = 0
LEVELS = 3  # halvings of a block's edge
_SQUARED_CHORD = 1.1  # θ² is at most so many times the square of its chord as long as θ < 1
_WIDEST = 0.05  # θ² beyond which a plane is not tried
_GATHERED = 4096
_HALF_DIAGONAL = np.sqrt(3.0) / 2
_ROOM = 1e-8  # mm: rounding of distances in double precision, far above what it is


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
def _sized(packed: Real, count: int, at: Real, sizes: Real) -> tuple[float, int]:
    """Write the squared distances of a point from packed triangles into `sizes`; return the least distance, and whose it is."""
    squares(packed, count, at[0], at[1], at[2], sizes)
    first = 0
    for place in range(1, count):
        if sizes[place] < sizes[first]:
            first = place
    return np.sqrt(sizes[first]), first


@njit(cache=True)
def _kept(
    given: Whole, packed: Real, sizes: Real, count: int, first: int, limit: float, out: Whole, out_packed: Real
) -> tuple[int, int]:
    """Write the triangles up to a distance into `out`; return how many, and the place that the one at `first` now has."""
    kept, where = 0, 0
    for place in range(count):
        if sizes[place] <= limit * limit:
            if place == first:
                where = kept
            out[kept] = given[place]
            repack(packed, place, out_packed, kept)
            kept += 1
    return kept, where


@njit(cache=True)
def _narrowed(given: Whole, packed: Real, count: int, centre: Real, side: float, sizes: Real, out: Whole, out_sizes: Real) -> int:
    """Write those of the triangles into `out` that can be nearest in one of the eight parts of a cube; return how many.

    Their squared distances from its centre go into `out_sizes`.
    """
    chosen = np.zeros(count, dtype=np.bool_)
    part = np.empty(3)
    half = _HALF_DIAGONAL * side
    for eighth in range(8):
        for axis in range(3):
            part[axis] = centre[axis] + (0.25 if (eighth >> axis) & 1 else -0.25) * side
        limit = _sized(packed, count, part, sizes)[0] + half + _ROOM
        for place in range(count):
            chosen[place] |= sizes[place] <= limit * limit
    squares(packed, count, centre[0], centre[1], centre[2], sizes)
    kept = 0
    for place in range(count):
        if chosen[place]:
            out[kept], out_sizes[kept] = given[place], sizes[place]
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
def _place(number: int, place: NDArray[np.int64]) -> None:
    """Write the indices (3,) of a cell by its number in the order of an octree."""
    for axis in range(3):
        place[axis] = 0
        for bit in range(3):
            place[axis] |= ((number >> (3 * bit + axis)) & 1) << bit


@njit(cache=True)
def _cover(table: Real, plane: int, number: int, many: int, corner: Real, cell: float, most: float, codes: Whole) -> None:
    """Give a certified plane to those cells of a cube of `many` whose centre is within `most` of it."""
    place = np.empty(3, dtype=np.int64)
    for one in range(number, number + many):
        _place(one, place)
        at = corner + (place + 0.5) * cell
        if abs(above(table, plane, at[0], at[1], at[2])) <= most:
            codes[(place[0] * EDGE + place[1]) * EDGE + place[2]] = -1 - plane


@njit(cache=True)
def _fill_block(
    table: Real,
    rows: Real,
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
    """Write the codes (512,) of a block's cells, zeros before, and its lists; return how many numbers of `lists` are used.

    A code is 0 outside the band, 1 + place of a list in `lists` (its length first), or −1 − number of the certified plane's triangle.
    """
    room = -(-count // LANES) * LANES
    levels, packed = np.empty((LEVELS + 1, room), dtype=np.int32), np.zeros((LEVELS + 1, room * WIDE))
    counts = np.zeros(LEVELS + 1, dtype=np.int64)
    small, sizes, small_sizes = np.empty(room, dtype=np.int32), np.empty(room), np.empty(room)
    slots = np.zeros(1024, dtype=np.int32)
    at, place = np.empty(3), np.empty(3, dtype=np.int64)
    levels[0, :count] = given[:count]
    pack(rows, given, count, packed[0])
    counts[0] = count
    number, used = 0, 0
    # cells in the order of an octree: whenever a digit of the index turns over, the level above is computed anew
    while number < CELLS and count > 0:
        level = 1 if number % 64 == 0 else 2 if number % 8 == 0 else LEVELS
        _place(number, place)
        plane, first = -1, 0
        while True:
            side = cell * (EDGE >> level)
            half, up = _HALF_DIAGONAL * side, level - 1
            for axis in range(3):
                at[axis] = corner[axis] + ((place[axis] >> (LEVELS - level)) + 0.5) * side
            least, first = _sized(packed[up], counts[up], at, sizes)
            if least - half > band:
                break
            counts[level], first = _kept(
                levels[up], packed[up], sizes, counts[up], first, least + 2 * half + _ROOM, levels[level], packed[level]
            )
            plane = _certified(table, folded, levels[level], counts[level], first, at, side, least + half, bound)
            if plane >= 0 or level == LEVELS:
                break
            level += 1
        many = 1 << (3 * (LEVELS - level))
        if plane >= 0:
            _cover(table, plane, number, many, corner, cell, band + _HALF_DIAGONAL * cell + bound, codes)
        elif level == LEVELS and least - half <= band:
            code = EMPTY
            kept = _narrowed(levels[level], packed[level], counts[level], at, cell, sizes, small, small_sizes)
            plane = _certified(table, folded, small, kept, 0, at, cell, least + half, bound)
            if plane >= 0:
                code = -1 - plane
            elif kept <= LONGEST:
                _by_distance(small, small_sizes, kept)
                used, code = _listed(small, kept, lists, used, slots)
            codes[(place[0] * EDGE + place[1]) * EDGE + place[2]] = code
        number += many
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
    rows: Real,
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
    for turn in prange(len(corners)):
        block = (
            2 * turn if 2 * turn < len(corners) else 2 * turn - (len(corners) - 1 | 1)
        )  # neighbours take alike long: shared out
        middle = corners[block] + EDGE * cell / 2
        reach = distances[block] + 2 * half + _ROOM
        given = np.empty(_GATHERED, dtype=np.int32)
        count = triangles_within(boxes, links, order, table, middle[0], middle[1], middle[2], reach, given)
        if count > _GATHERED:
            given = np.empty(count, dtype=np.int32)
            count = triangles_within(boxes, links, order, table, middle[0], middle[1], middle[2], reach, given)
        used[block] = _fill_block(
            table, rows, folded, given, count, corners[block], cell, band, bound, codes[block], lists[block]
        )
