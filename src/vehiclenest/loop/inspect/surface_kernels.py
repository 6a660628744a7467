"""Inner loops of the cells of a surface: triangles into cells, neighbours over the surface, points into cells."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Real = NDArray[np.float64]
Whole = NDArray[np.int32]

_BLOCK = 8192
_REACH = 5  # voxels that a point is looked for around it
_SLACK, _SLOPE = 0.3, 0.15  # how far a point's height over a cell may be off its distance: share of a cell, of the distance


@njit(cache=True)
def _side(x: float, y: float, z: float) -> int:
    if abs(x) >= abs(y) and abs(x) >= abs(z):
        return 1 if x > 0 else 0
    if abs(y) >= abs(z):
        return 3 if y > 0 else 2
    return 5 if z > 0 else 4


@njit(cache=True)
def _split(corners: Real, row: int, step: float) -> int:
    longest = 0.0
    for k in range(3):
        length = 0.0
        for axis in range(3):
            length += (corners[row, (k + 1) % 3, axis] - corners[row, k, axis]) ** 2
        longest = max(longest, length)
    return max(1, int(np.ceil(np.sqrt(longest) / step)))


@njit(cache=True)
def _sample(corners: Real, row: int, parts: int, i: int, j: int, up: int, out: Real) -> None:
    """Write the centre of one of the parts² alike pieces of a triangle; `up` is 1 for those upside down."""
    first = (i + (1.0 + up) / 3) / parts
    second = (j + (1.0 + up) / 3) / parts
    for axis in range(3):
        base = corners[row, 0, axis]
        out[axis] = base + first * (corners[row, 1, axis] - base) + second * (corners[row, 2, axis] - base)


@njit(cache=True)
def marked(corners: Real, normals: Real, origin: Real, edge: float, step: float, bits: NDArray[np.uint8]) -> None:
    """Set the bit of its side in every voxel that a triangle passes through."""
    at = np.empty(3)
    for row in range(len(corners)):
        bit = np.uint8(1 << _side(normals[row, 0], normals[row, 1], normals[row, 2]))
        parts = _split(corners, row, step)
        for i in range(parts):
            for j in range(parts - i):
                for up in range(2 if i + j < parts - 1 else 1):
                    _sample(corners, row, parts, i, j, up, at)
                    x, y, z = int((at[0] - origin[0]) / edge), int((at[1] - origin[1]) / edge), int((at[2] - origin[2]) / edge)
                    bits[x, y, z] |= bit


@njit(cache=True)
def starts(bits: NDArray[np.uint8]) -> tuple[Whole, Whole]:
    """Return the first cell of every voxel (x, y, z), −1 without one, and the voxel of every cell."""
    grid = np.full(bits.shape, -1, dtype=np.int32)
    flat, out = bits.ravel(), grid.ravel()
    count = 0
    for voxel in range(len(flat)):
        for side in range(6):
            count += (flat[voxel] >> side) & 1
    voxels = np.empty(count, dtype=np.int32)
    count = 0
    for voxel in range(len(flat)):
        if flat[voxel]:
            out[voxel] = count
            for side in range(6):
                if (flat[voxel] >> side) & 1:
                    voxels[count] = voxel
                    count += 1
    return grid, voxels


@njit(cache=True)
def accumulated(
    corners: Real,
    normals: Real,
    origin: Real,
    edge: float,
    step: float,
    bits: NDArray[np.uint8],
    grid: Whole,
    count: int,
) -> tuple[Real, Real]:
    """Return centre and unit normal (c, 6) and area (c,) of the cells."""
    planes = np.zeros((count, 6))
    area = np.zeros(count)
    at = np.empty(3)
    for row in range(len(corners)):
        side = _side(normals[row, 0], normals[row, 1], normals[row, 2])
        parts = _split(corners, row, step)
        size = np.sqrt(normals[row, 0] ** 2 + normals[row, 1] ** 2 + normals[row, 2] ** 2)
        piece = size / 2 / (parts * parts)
        for i in range(parts):
            for j in range(parts - i):
                for up in range(2 if i + j < parts - 1 else 1):
                    _sample(corners, row, parts, i, j, up, at)
                    x, y, z = int((at[0] - origin[0]) / edge), int((at[1] - origin[1]) / edge), int((at[2] - origin[2]) / edge)
                    cell = grid[x, y, z]
                    for lower in range(side):
                        cell += (bits[x, y, z] >> lower) & 1
                    area[cell] += piece
                    for axis in range(3):
                        planes[cell, axis] += piece * at[axis]
                        planes[cell, 3 + axis] += normals[row, axis] / (2 * parts * parts)
    for cell in range(count):
        length = np.sqrt(planes[cell, 3] ** 2 + planes[cell, 4] ** 2 + planes[cell, 5] ** 2)
        for axis in range(3):
            planes[cell, axis] /= max(area[cell], 1e-300)
            planes[cell, 3 + axis] /= max(length, 1e-300)
    return planes, area


@njit(cache=True)
def adjacent(grid: Whole, voxel: Whole, planes: Real, edge: float, least: float) -> tuple[Whole, Whole]:
    """Return the cells that touch each cell: voxels side by side, faces that turn little and do not step."""
    across, deep = grid.shape[1], grid.shape[2]
    count = len(voxel)
    first = np.zeros(count + 1, dtype=np.int32)
    to = np.empty(16 * count + 64, dtype=np.int32)
    filled = 0
    for cell in range(count):
        x, y, z = voxel[cell] // (across * deep), (voxel[cell] // deep) % across, voxel[cell] % deep
        for i in range(max(0, x - 1), min(grid.shape[0], x + 2)):
            for j in range(max(0, y - 1), min(across, y + 2)):
                for k in range(max(0, z - 1), min(deep, z + 2)):
                    other = grid[i, j, k]
                    while 0 <= other < count and voxel[other] == (i * across + j) * deep + k:
                        dot, rise, back = 0.0, 0.0, 0.0
                        for axis in range(3):
                            gap = planes[other, axis] - planes[cell, axis]
                            dot += planes[cell, 3 + axis] * planes[other, 3 + axis]
                            rise += gap * planes[cell, 3 + axis]
                            back += gap * planes[other, 3 + axis]
                        if dot > least and min(abs(rise), abs(back)) < 0.5 * edge:
                            if filled == len(to):
                                to = np.concatenate((to, np.empty(len(to), dtype=np.int32)))
                            to[filled] = other
                            filled += 1
                        other += 1
        first[cell + 1] = filled
    return first, to[:filled].copy()


@njit(cache=True)
def within(first: Whole, to: Whole, planes: Real, reach: float, least: float) -> tuple[Whole, Whole]:
    """Return the rows that a walk over touching rows finds within `reach` mm of each, on faces that turn little; itself is the first."""
    count = len(planes)
    found = np.zeros(count + 1, dtype=np.int32)
    out = np.empty(48 * count + 64, dtype=np.int32)
    seen = np.full(count, -1, dtype=np.int32)
    filled = 0
    for row in range(count):
        begin = filled
        if filled + count >= len(out):
            out = np.concatenate((out, np.empty(len(out) + count, dtype=np.int32)))
        out[filled] = row
        seen[row] = row
        filled += 1
        place = begin
        while place < filled:
            here = out[place]
            for link in range(first[here], first[here + 1]):
                other = to[link]
                if seen[other] == row:
                    continue
                seen[other] = row
                far, dot = 0.0, 0.0
                for axis in range(3):
                    far += (planes[other, axis] - planes[row, axis]) ** 2
                    dot += planes[other, 3 + axis] * planes[row, 3 + axis]
                if far <= reach * reach and dot > least:
                    out[filled] = other
                    filled += 1
            place += 1
        found[row + 1] = filled
    return found, out[:filled].copy()


@njit(cache=True)
def cells_of(points: Real, origin: Real, edge: float, grid: Whole, voxel: Whole, planes: Real, reach: float) -> NDArray[np.bool_]:
    """Return which cells have their centre within `reach` mm of one of the points."""
    out = np.zeros(len(voxel), dtype=np.bool_)
    wide = int(np.ceil(reach / edge))
    across, deep = grid.shape[1], grid.shape[2]
    for row in range(len(points)):
        x = int((points[row, 0] - origin[0]) / edge)
        y = int((points[row, 1] - origin[1]) / edge)
        z = int((points[row, 2] - origin[2]) / edge)
        for i in range(max(0, x - wide), min(grid.shape[0], x + wide + 1)):
            for j in range(max(0, y - wide), min(across, y + wide + 1)):
                for k in range(max(0, z - wide), min(deep, z + wide + 1)):
                    cell = grid[i, j, k]
                    while 0 <= cell < len(voxel) and voxel[cell] == (i * across + j) * deep + k:
                        far = 0.0
                        for axis in range(3):
                            far += (planes[cell, axis] - points[row, axis]) ** 2
                        if far <= reach * reach:
                            out[cell] = True
                        cell += 1
    return out


@njit(cache=True)
def _fits(planes: Real, cell: int, x: float, y: float, z: float, distance: float, edge: float, aside: float) -> float:
    """Return how badly a point at a signed distance belongs to a cell, infinite where its height over the cell says it does not."""
    dx, dy, dz = x - planes[cell, 0], y - planes[cell, 1], z - planes[cell, 2]
    height = dx * planes[cell, 3] + dy * planes[cell, 4] + dz * planes[cell, 5]
    miss = abs(height - distance)
    along = max(0.0, dx * dx + dy * dy + dz * dz - height * height)
    if miss > _SLACK * edge + _SLOPE * abs(distance) or along > aside * aside:
        return np.inf
    return miss * miss + 0.05 * along


@njit(cache=True)
def _best_in(
    grid: Whole, voxel: Whole, planes: Real, edge: float, low: Whole, high: Whole, x: float, y: float, z: float, distance: float
) -> int:
    across, deep = grid.shape[1], grid.shape[2]
    best, least = -1, np.inf
    for i in range(max(0, low[0]), min(grid.shape[0] - 1, high[0]) + 1):
        for j in range(max(0, low[1]), min(across - 1, high[1]) + 1):
            for k in range(max(0, low[2]), min(deep - 1, high[2]) + 1):
                cell = grid[i, j, k]
                while 0 <= cell < len(voxel) and voxel[cell] == (i * across + j) * deep + k:
                    score = _fits(planes, cell, x, y, z, distance, edge, 1.2 * edge)
                    if score < least:
                        best, least = cell, score
                    cell += 1
    return best


@njit(cache=True, parallel=True)
def assigned(
    points: NDArray[np.floating],
    pose: Real,
    distances: NDArray[np.floating],
    origin: Real,
    edge: float,
    grid: Whole,
    voxel: Whole,
    planes: Real,
) -> Whole:
    """Return the cell of every point, moved by a pose (4, 4), by where it is and how far from the surface; −1 where none fits."""
    out = np.full(len(points), -1, dtype=np.int32)
    blocks = (len(points) + _BLOCK - 1) // _BLOCK
    for block in prange(blocks):
        low, high = np.empty(3, dtype=np.int32), np.empty(3, dtype=np.int32)
        for row in range(block * _BLOCK, min(len(points), (block + 1) * _BLOCK)):
            p, q, r, distance = points[row, 0], points[row, 1], points[row, 2], distances[row]
            x = pose[0, 0] * p + pose[0, 1] * q + pose[0, 2] * r + pose[0, 3]
            y = pose[1, 0] * p + pose[1, 1] * q + pose[1, 2] * r + pose[1, 3]
            z = pose[2, 0] * p + pose[2, 1] * q + pose[2, 2] * r + pose[2, 3]
            if not np.isfinite(distance + x + y + z):
                continue
            u, v, w = (x - origin[0]) / edge, (y - origin[1]) / edge, (z - origin[2]) / edge
            low[0], low[1], low[2] = int(np.floor(u)), int(np.floor(v)), int(np.floor(w))
            cell = _best_in(grid, voxel, planes, edge, low, low, x, y, z, distance)
            if cell < 0:
                low[0], low[1], low[2] = int(np.floor(u - 0.5)), int(np.floor(v - 0.5)), int(np.floor(w - 0.5))
                high[0], high[1], high[2] = low[0] + 1, low[1] + 1, low[2] + 1
                cell = _best_in(grid, voxel, planes, edge, low, high, x, y, z, distance)
            if cell < 0:
                wide = min(_REACH, 1 + int(abs(distance) / edge))
                for axis, place in enumerate((u, v, w)):
                    low[axis], high[axis] = int(np.floor(place)) - wide, int(np.floor(place)) + wide
                cell = _best_in(grid, voxel, planes, edge, low, high, x, y, z, distance)
            out[row] = cell
    return out
