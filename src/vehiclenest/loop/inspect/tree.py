"""A tree of boxes around triangles: the nearest triangle of a point wherever it lies, and all triangles near a point.

Built by halves of the longest side of the centres' box, at most four triangles a leaf; the nearer child is entered first.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from vehiclenest.loop.inspect.triangle import Real, Whole, nearest

_LEAF = 4
DEPTH = 96


@dataclass(frozen=True, slots=True)
class Tree:
    """Boxes (n, 6): low and high corner in mm; links (n, 2): left and right child, or −1 − first and count of a leaf in `order`."""

    boxes: Real
    links: Whole
    order: Whole

    @staticmethod
    def of(corners: Real) -> "Tree":
        """Return the tree of triangles with corners (t, 3, 3) in mm."""
        return Tree(*_built(corners.min(axis=1), corners.max(axis=1)))


@njit(cache=True)
def _built(low: Real, high: Real) -> tuple[Real, Whole, Whole]:
    count = len(low)
    order = np.arange(count).astype(np.int32)
    centres = low + high
    boxes = np.empty((max(1, 2 * count), 6))
    links = np.empty((max(1, 2 * count), 2), dtype=np.int32)
    stack = np.empty((DEPTH, 3), dtype=np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, 0, count
    waiting, nodes = 1, 1
    while waiting > 0:
        waiting -= 1
        node, first, last = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2]
        spread = np.empty(3)
        for axis in range(3):
            least, most, inner_least, inner_most = np.inf, -np.inf, np.inf, -np.inf
            for place in range(first, last):
                least, most = min(least, low[order[place], axis]), max(most, high[order[place], axis])
                centre = centres[order[place], axis]
                inner_least, inner_most = min(inner_least, centre), max(inner_most, centre)
            boxes[node, axis], boxes[node, axis + 3] = least, most
            spread[axis] = inner_most - inner_least
        if last - first <= _LEAF:
            links[node, 0], links[node, 1] = -1 - first, last - first
            continue
        axis = int(np.argmax(spread))
        middle = (first + last) // 2
        _halve(order, centres, axis, first, last, middle)
        links[node, 0], links[node, 1] = nodes, nodes + 1
        stack[waiting, 0], stack[waiting, 1], stack[waiting, 2] = nodes, first, middle
        stack[waiting + 1, 0], stack[waiting + 1, 1], stack[waiting + 1, 2] = nodes + 1, middle, last
        waiting += 2
        nodes += 2
    return boxes[:nodes].copy(), links[:nodes].copy(), order


@njit(cache=True)
def _halve(order: Whole, centres: Real, axis: int, first: int, last: int, middle: int) -> None:
    """Sort `order` so far that what stands before `middle` is not beyond what stands after it (Hoare's selection)."""
    low, high = first, last - 1
    while low < high:
        pivot = centres[order[(low + high) // 2], axis]
        left, right = low, high
        while left <= right:
            while centres[order[left], axis] < pivot:
                left += 1
            while centres[order[right], axis] > pivot:
                right -= 1
            if left <= right:
                order[left], order[right] = order[right], order[left]
                left += 1
                right -= 1
        if middle <= right:
            high = right
        elif middle >= left:
            low = left
        else:
            return


@njit(cache=True, inline="always")
def _outside(boxes: Real, node: int, x: float, y: float, z: float) -> float:
    """Return the squared distance of a point from a box."""
    dx = max(boxes[node, 0] - x, 0.0, x - boxes[node, 3])
    dy = max(boxes[node, 1] - y, 0.0, y - boxes[node, 4])
    dz = max(boxes[node, 2] - z, 0.0, z - boxes[node, 5])
    return dx * dx + dy * dy + dz * dz


@njit(cache=True)
def nearest_triangle(
    boxes: Real, links: Whole, order: Whole, table: Real, x: float, y: float, z: float, bound: float
) -> tuple[int, float]:
    """Return the number of the nearest triangle and its squared distance; −1 where none is nearer than the root of `bound`."""
    best, found = bound, -1
    stack = np.empty(DEPTH, dtype=np.int32)
    sizes = np.empty(DEPTH)
    stack[0], sizes[0] = 0, _outside(boxes, 0, x, y, z)
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if sizes[waiting] >= best:
            continue
        left, right = links[node, 0], links[node, 1]
        if left < 0:
            for place in range(-1 - left, -1 - left + right):
                triangle = order[place]
                size = nearest(table, triangle, x, y, z)[0]
                if size < best:
                    best, found = size, triangle
            continue
        to_left, to_right = _outside(boxes, left, x, y, z), _outside(boxes, right, x, y, z)
        if to_left < to_right:
            left, right, to_left, to_right = right, left, to_right, to_left
        if to_left < best:
            stack[waiting], sizes[waiting] = left, to_left
            waiting += 1
        if to_right < best:
            stack[waiting], sizes[waiting] = right, to_right
            waiting += 1
    return found, best


@njit(cache=True)
def triangles_within(
    boxes: Real, links: Whole, order: Whole, table: Real, x: float, y: float, z: float, reach: float, out: Whole
) -> int:
    """Write the numbers of the triangles within `reach` of a point into `out`; return how many there are, even if it holds fewer."""
    count = 0
    stack = np.empty(DEPTH, dtype=np.int32)
    stack[0] = 0
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if _outside(boxes, node, x, y, z) > reach * reach:
            continue
        left, right = links[node, 0], links[node, 1]
        if left < 0:
            for place in range(-1 - left, -1 - left + right):
                if nearest(table, order[place], x, y, z)[0] <= reach * reach:
                    if count < len(out):
                        out[count] = order[place]
                    count += 1
            continue
        stack[waiting], stack[waiting + 1] = left, right
        waiting += 2
    return count
