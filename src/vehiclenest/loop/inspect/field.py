"""Signed distance of points from a mesh, exact or certified to be within a micrometre of that; negative is inside.

Near the surface a sparse grid answers (cells.py); elsewhere the tree of triangles does. The sign is that of the pseudonormal of the
feature on which the nearest point lies (triangle.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from vehiclenest.loop.inspect import cells
from vehiclenest.loop.inspect.batch import rows_of
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.tree import Tree, nearest_triangle
from vehiclenest.loop.inspect.triangle import FACE, Real, Whole, above, nearest, normals_of, table_of

CERTIFIED_MM = 1e-3
_SHARE_FOR_PLANES = 0.9  # of the certified millimetre fraction; the rest is for points and answers in single precision
_CELL_OF_EDGE = 0.35
_MOST_CELLS = 3e6
_CELLS_A_SURFACE = 3.0  # cells through the thickness of the band
_BAND_CELLS = 0.8
_CHUNK = 512
_FOLDED_ANGLE = 3 * np.pi  # a vertex whose triangles make up more may be gone round twice


@dataclass(frozen=True)
class Field:
    """Blocks of cells near a surface.

    `blocks` (i, j, k) holds the number of a block or −1; `codes` (b, 512) what cells.fill says of them; `lists` triangles by number.
    """

    origin: Real
    cell_mm: float
    blocks: Whole
    codes: Whole
    lists: Whole
    tree: Tree
    table: Real
    normals: Real

    @staticmethod
    def of(mesh: Mesh) -> "Field":
        """Return the field of a closed mesh without facets of no area (`flip.without_flat`)."""
        table = table_of(mesh.corners, mesh.doubled_normals)
        tree = Tree.of(mesh.corners)
        cell = _cell_of(mesh)
        origin, blocks, codes, lists = _filled(mesh, tree, table, cell)
        return Field(origin, cell, blocks, codes, lists, tree, table, _normals(mesh))

    @staticmethod
    def stored(mesh: Mesh, arrays: dict[str, Any]) -> "Field":
        """Return the field of a mesh from what `arrays` gave of it."""
        return Field(
            arrays["origin"],
            float(arrays["cell_mm"]),
            arrays["blocks"],
            arrays["codes"],
            arrays["lists"],
            Tree.of(mesh.corners),
            table_of(mesh.corners, mesh.doubled_normals),
            _normals(mesh),
        )

    def arrays(self) -> dict[str, Any]:
        """Return what has to be kept; the rest follows from the mesh."""
        return {
            "origin": self.origin,
            "cell_mm": np.float64(self.cell_mm),
            "blocks": self.blocks,
            "codes": self.codes,
            "lists": self.lists,
        }

    def distance(self, points: NDArray[Any], pose: Real | None = None) -> NDArray[np.float32]:
        """Return the signed distances (n,) in mm of points (n, 3), moved by `pose` (4, 4) first: within 1 µm of exact."""
        out = np.empty(len(points), dtype=np.float32)
        _distances(points, _rows(pose), *self._parts, out)
        return out

    def nearest(self, points: NDArray[Any], pose: Real | None = None, *, near_only: bool = False) -> tuple[Real, Real]:
        """Return signed distances (n,) as `distance` does and their gradients (n, 3): the unit vector away from the surface.

        With `near_only`, points in no cell get an infinite distance, which costs nothing.
        """
        distances, gradients = np.empty(len(points)), np.empty((len(points), 3))
        _gradients(points, _rows(pose), near_only, *self._parts, distances, gradients)
        return distances, gradients

    @property
    def band_mm(self) -> float:
        """How far from the surface points lie in a cell, but where more triangles meet than a list holds."""
        return _BAND_CELLS * self.cell_mm

    @property
    def _parts(self) -> tuple[Real, float, Whole, Whole, Whole, Real, Whole, Whole, Real, Real]:
        tree = self.tree
        return (
            self.origin, self.cell_mm, self.blocks, self.codes, self.lists, tree.boxes, tree.links, tree.order, self.table, self.normals
        )  # fmt: skip


def _rows(pose: Real | None) -> Real:
    return np.ascontiguousarray(np.eye(4) if pose is None else pose, dtype=np.float64)[:3]


def _normals(mesh: Mesh) -> Real:
    return normals_of(mesh.triangles, mesh.corners, mesh.doubled_normals, len(mesh.vertices))


def _cell_of(mesh: Mesh) -> float:
    """Return a size of cell that suits the triangles, unless they are so small or large that the number of cells would not be fit."""
    edges = np.linalg.norm(mesh.corners - np.roll(mesh.corners, 1, axis=1), axis=2)
    wanted = _CELL_OF_EDGE * float(np.median(edges))
    least = float(np.sqrt(mesh.area_mm2 * _CELLS_A_SURFACE / _MOST_CELLS))
    return max(least, min(wanted, mesh.diagonal_mm / 256))


def _folded(mesh: Mesh) -> NDArray[np.bool_]:
    """Return which triangles (t,) touch a vertex that those around it may go round more than once."""
    corners = mesh.corners
    angles = np.zeros(len(mesh.vertices))
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        other = corners[:, (corner + 2) % 3] - corners[:, corner]
        angle = np.arctan2(np.linalg.norm(np.cross(one, other), axis=1), np.einsum("ij,ij->i", one, other))
        np.add.at(angles, mesh.triangles[:, corner], angle)
    return np.asarray((angles > _FOLDED_ANGLE)[mesh.triangles].any(axis=1), dtype=np.bool_)


def _filled(mesh: Mesh, tree: Tree, table: Real, cell: float) -> tuple[Real, Whole, Whole, Whole]:
    side = cells.EDGE * cell
    band = _BAND_CELLS * cell
    origin = mesh.low - side
    shape = np.ceil((mesh.high + side - origin) / side).astype(np.int64)
    places = np.indices(tuple(shape)).reshape(3, -1).T
    half = side * np.sqrt(3.0) / 2
    away = cells.block_distances(tree.boxes, tree.links, tree.order, table, origin + (places + 0.5) * side, half + band)
    near = np.flatnonzero(np.isfinite(away))
    folded, rows = _folded(mesh), rows_of(mesh.corners)
    all_codes: list[Whole] = []
    all_lists: list[Whole] = []
    total = 0
    for start in range(0, len(near), _CHUNK):
        chosen = near[start : start + _CHUNK]
        codes = np.zeros((len(chosen), cells.CELLS), dtype=np.int32)
        lists = np.empty((len(chosen), cells.CELLS * (cells.LONGEST + 1)), dtype=np.int32)
        used = np.zeros(len(chosen), dtype=np.int64)
        cells.fill(
            tree.boxes, tree.links, tree.order, table, rows, folded, origin + places[chosen] * side, away[chosen], cell, band,
            CERTIFIED_MM * _SHARE_FOR_PLANES, codes, lists, used,
        )  # fmt: skip
        starts = total + np.concatenate([[0], np.cumsum(used)[:-1]])
        all_codes.append(np.where(codes > 0, codes + starts[:, None].astype(np.int32), codes))
        all_lists += [row[:count] for row, count in zip(lists, used, strict=True)]
        total += int(used.sum())
    filled = np.concatenate(all_codes)
    kept = (filled != cells.EMPTY).any(axis=1)
    blocks = np.full(len(places), -1, dtype=np.int32)
    blocks[near[kept]] = np.arange(int(kept.sum()), dtype=np.int32)
    return origin, blocks.reshape(shape), filled[kept], np.concatenate(all_lists)


@njit(cache=True, inline="always")
def _code(x: float, y: float, z: float, origin: Real, per_mm: float, blocks: Whole, codes: Whole) -> int:
    """Return the code of the cell of a point; 0 where there is none."""
    a, b, c = (x - origin[0]) * per_mm, (y - origin[1]) * per_mm, (z - origin[2]) * per_mm
    # written so that what is no number is outside
    if not (
        a >= 0.0 and b >= 0.0 and c >= 0.0 and a < blocks.shape[0] * 8 and b < blocks.shape[1] * 8 and c < blocks.shape[2] * 8
    ):
        return 0
    i, j, k = int(a), int(b), int(c)
    block = blocks[i >> 3, j >> 3, k >> 3]
    if block < 0:
        return 0
    return codes[block, ((i & 7) << 6) | ((j & 7) << 3) | (k & 7)]


@njit(cache=True)
def _of_list(
    x: float, y: float, z: float, code: int, lists: Whole, boxes: Real, links: Whole, order: Whole, table: Real
) -> tuple[float, float, float, float, int, int]:
    """Return the squared distance, the way from the nearest point, its triangle and feature: of a list, or of all triangles."""
    best, bx, by, bz, found, feature = np.inf, 0.0, 0.0, 0.0, -1, FACE
    if code > 0:
        start = code - 1
        for place in range(start + 1, start + 1 + lists[start]):
            triangle = lists[place]
            height = above(table, triangle, x, y, z)
            if height * height >= best:
                continue
            size, px, py, pz, on = nearest(table, triangle, x, y, z)
            if size < best:
                best, bx, by, bz, found, feature = size, px, py, pz, triangle, on
        return best, bx, by, bz, found, feature
    found, best = nearest_triangle(boxes, links, order, table, x, y, z, np.inf)
    best, bx, by, bz, feature = nearest(table, found, x, y, z)
    return best, bx, by, bz, found, feature


@njit(cache=True, parallel=True)
def _distances(
    points: NDArray[Any],
    pose: Real,
    origin: Real,
    cell: float,
    blocks: Whole,
    codes: Whole,
    lists: Whole,
    boxes: Real,
    links: Whole,
    order: Whole,
    table: Real,
    normals: Real,
    out: NDArray[np.float32],
) -> None:
    per_mm = 1.0 / cell
    for i in prange(len(points)):
        p, q, r = points[i, 0], points[i, 1], points[i, 2]
        x = pose[0, 0] * p + pose[0, 1] * q + pose[0, 2] * r + pose[0, 3]
        y = pose[1, 0] * p + pose[1, 1] * q + pose[1, 2] * r + pose[1, 3]
        z = pose[2, 0] * p + pose[2, 1] * q + pose[2, 2] * r + pose[2, 3]
        code = _code(x, y, z, origin, per_mm, blocks, codes)
        if code < 0:
            out[i] = above(table, -1 - code, x, y, z)
            continue
        size, px, py, pz, found, feature = _of_list(x, y, z, code, lists, boxes, links, order, table)
        side = px * normals[found, feature, 0] + py * normals[found, feature, 1] + pz * normals[found, feature, 2]
        out[i] = np.sqrt(size) if side >= 0.0 else -np.sqrt(size)


@njit(cache=True, parallel=True)
def _gradients(
    points: NDArray[Any],
    pose: Real,
    near_only: bool,
    origin: Real,
    cell: float,
    blocks: Whole,
    codes: Whole,
    lists: Whole,
    boxes: Real,
    links: Whole,
    order: Whole,
    table: Real,
    normals: Real,
    out: Real,
    gradients: Real,
) -> None:
    per_mm = 1.0 / cell
    for i in prange(len(points)):
        p, q, r = points[i, 0], points[i, 1], points[i, 2]
        x = pose[0, 0] * p + pose[0, 1] * q + pose[0, 2] * r + pose[0, 3]
        y = pose[1, 0] * p + pose[1, 1] * q + pose[1, 2] * r + pose[1, 3]
        z = pose[2, 0] * p + pose[2, 1] * q + pose[2, 2] * r + pose[2, 3]
        code = _code(x, y, z, origin, per_mm, blocks, codes)
        if code < 0:
            out[i] = above(table, -1 - code, x, y, z)
            for axis in range(3):
                gradients[i, axis] = table[-1 - code, 12 + axis]
            continue
        if code == 0 and near_only:
            out[i] = np.inf
            gradients[i] = 0.0
            continue
        size, px, py, pz, found, feature = _of_list(x, y, z, code, lists, boxes, links, order, table)
        side = px * normals[found, feature, 0] + py * normals[found, feature, 1] + pz * normals[found, feature, 2]
        distance = np.sqrt(size)
        sign = 1.0 if side >= 0.0 else -1.0
        out[i] = sign * distance
        if feature == FACE or distance == 0.0:
            for axis in range(3):
                gradients[i, axis] = normals[found, FACE, axis]
        else:
            gradients[i, 0], gradients[i, 1], gradients[i, 2] = sign * px / distance, sign * py / distance, sign * pz / distance
