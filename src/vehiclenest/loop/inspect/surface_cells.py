"""Cells of about a millimetre on the surface of a mesh, with true areas and neighbours: what a scan is averaged over.

A cell is a voxel and the side its surface faces, so that both faces of a thin wall stay apart; patches are the same twice as wide.
Neighbours are walked to over the surface, never through the part. Made once for a mesh; the arrays can be kept.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.surface_kernels import Real, Whole, accumulated, adjacent, cells_of, marked, starts, within

_SAMPLES_ACROSS = 4  # samples of a triangle lie this many times closer than a cell is wide
_MOST_CELLS = 300_000
_MOST_VOXELS = 40_000_000
_LEAST_MM, _MOST_MM = 0.8, 3.0
NEAR_MM = 3.5  # half the width of the widest filter for dents
SMOOTH_MM = 10.0  # how far the median of wear reaches
_SAME_FACE = 0.8  # cosine of how much a face may turn within a neighbourhood
_JOINED = 0.7  # … and between two cells that touch
_EDGE_MM = 1.0


@dataclass(frozen=True, slots=True)
class Links:
    """Neighbours of every row: those of row i are `to[first[i]:first[i + 1]]`, itself among them."""

    first: Whole
    to: Whole

    def of(self, row: int) -> Whole:
        """Return the neighbours of one row."""
        return self.to[self.first[row] : self.first[row + 1]]


@dataclass(frozen=True)
class SurfaceCells:
    """Cells (c,): `area` in mm², centre and outward normal (c, 6), voxel, whether a sharp edge is near; patches of about four cells.

    `grid` (x, y, z) holds the first cell of a voxel or −1; cells of one voxel follow each other.
    """

    origin: Real
    edge_mm: float
    grid: Whole
    voxel: Whole
    planes: Real
    area: Real
    sharp: NDArray[np.bool_]
    touching: Links
    near: Links
    patch: Whole
    patch_area: Real
    patch_touching: Links
    patch_near: Links

    @staticmethod
    def of(mesh: Mesh) -> "SurfaceCells":
        """Return the cells of a mesh in mm; wider than 1 mm only where the part is so large that there would be too many."""
        span = np.maximum(mesh.high - mesh.low, 1e-3)
        edge = float(np.clip(np.sqrt(mesh.area_mm2 / _MOST_CELLS), _LEAST_MM, _MOST_MM))
        edge = max(edge, float(np.cbrt(np.prod(span + 4 * edge) / _MOST_VOXELS)))
        origin = mesh.low - edge * np.array([1.37, 1.43, 1.29])  # off the planes that parts are made of
        shape = (np.ceil((mesh.high - origin) / edge) + 2).astype(np.int64)
        corners = np.ascontiguousarray(mesh.corners)
        normals = mesh.doubled_normals
        step = edge / _SAMPLES_ACROSS
        bits = np.zeros(tuple(shape), dtype=np.uint8)
        marked(corners, normals, origin, edge, step, bits)
        grid, voxel = starts(bits)
        planes, area = accumulated(corners, normals, origin, edge, step, bits, grid, len(voxel))
        del bits
        touching = Links(*adjacent(grid, voxel, planes, edge, _JOINED))
        sharp = _sharp(mesh, origin, edge, grid, voxel, planes)
        near = Links(*within(touching.first, touching.to, planes, max(NEAR_MM, 2 * edge), _SAME_FACE))
        patch, patch_planes, patch_area = _patches(planes, area, origin, edge)
        patch_touching = _joined(patch, touching, len(patch_area))
        reach = within(patch_touching.first, patch_touching.to, patch_planes, SMOOTH_MM, _SAME_FACE)
        return SurfaceCells(
            origin, edge, grid, voxel, planes, area, sharp, touching, near, patch, patch_area, patch_touching, Links(*reach)
        )

    def __len__(self) -> int:
        return len(self.area)

    @cached_property
    def slopes(self) -> Real:
        """How the distance (c, 6) at each cell follows a small motion (rx, ry, rz, tx, ty, tz) of the part about its middle."""
        return self._slopes(self.planes)

    @cached_property
    def patch_slopes(self) -> Real:
        """The same of the patches (p, 6)."""
        sums = np.column_stack([np.bincount(self.patch, self.area * column, len(self.patch_area)) for column in self.planes.T])
        made = sums / self.patch_area[:, None]
        made[:, 3:] /= np.maximum(np.linalg.norm(made[:, 3:], axis=1, keepdims=True), 1e-12)
        return self._slopes(made)

    @cached_property
    def span_mm(self) -> float:
        """The longest side of the box around the cells."""
        return float(np.ptp(self.planes[:, :3], axis=0).max())

    @cached_property
    def patch_owner(self) -> Whole:
        """Which patch (l,) each link of `patch_touching` starts from."""
        return np.repeat(np.arange(len(self.patch_area), dtype=np.int32), np.diff(self.patch_touching.first))

    def _slopes(self, planes: Real) -> Real:
        middle = (self.planes[:, :3].min(axis=0) + self.planes[:, :3].max(axis=0)) / 2
        turned: Real = np.asarray(np.cross(planes[:, :3] - middle, planes[:, 3:]), dtype=np.float64)
        return np.column_stack([turned, planes[:, 3:]])

    def arrays(self) -> dict[str, Any]:
        """Return what `stored` makes the cells of again, by name."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Links):
                found |= {f"{field.name}_first": value.first, f"{field.name}_to": value.to}
            else:
                found[field.name] = value
        return found

    @staticmethod
    def stored(arrays: dict[str, Any]) -> "SurfaceCells":
        """Return the cells that `arrays` gave; raise KeyError where one is not there."""
        links = {"touching", "near", "patch_touching", "patch_near"}
        known: dict[str, Any] = {
            field.name: Links(arrays[f"{field.name}_first"], arrays[f"{field.name}_to"])
            if field.name in links
            else arrays[field.name]
            for field in fields(SurfaceCells)
        }
        known["edge_mm"] = float(known["edge_mm"])
        return SurfaceCells(**known)


def _sharp(mesh: Mesh, origin: Real, edge: float, grid: Whole, voxel: Whole, planes: Real) -> NDArray[np.bool_]:
    """Return which cells lie within a millimetre of an edge that turns by more than 37°."""
    ends = np.concatenate([mesh.triangles[:, [0, 1]], mesh.triangles[:, [1, 2]], mesh.triangles[:, [2, 0]]]).astype(np.int64)
    owner = np.tile(np.arange(len(mesh.triangles)), 3)
    key = np.minimum(ends[:, 0], ends[:, 1]) * len(mesh.vertices) + np.maximum(ends[:, 0], ends[:, 1])
    order = np.argsort(key, kind="stable")
    pair = np.flatnonzero(key[order][1:] == key[order][:-1])
    left, right = owner[order[pair]], owner[order[pair + 1]]
    lengths = np.maximum(np.linalg.norm(mesh.doubled_normals, axis=1), 1e-300)
    normals = mesh.doubled_normals / lengths[:, None]
    turned = np.einsum("ij,ij->i", normals[left], normals[right]) < _SAME_FACE
    crease = ends[order[pair[turned]]]
    if len(crease) == 0:
        return np.zeros(len(planes), dtype=np.bool_)
    start, end = mesh.vertices[crease[:, 0]], mesh.vertices[crease[:, 1]]
    counts = np.maximum(1, np.ceil(np.linalg.norm(end - start, axis=1) / (edge / 2))).astype(np.int64)
    row = np.repeat(np.arange(len(crease)), counts)
    share = (np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + 0.5) / counts[row]
    return cells_of(start[row] + share[:, None] * (end - start)[row], origin, edge, grid, voxel, planes, _EDGE_MM)


def _patches(planes: Real, area: Real, origin: Real, edge: float) -> tuple[Whole, Real, Real]:
    """Return the patch of every cell, and centre with normal (p, 6) and area (p,) of the patches."""
    wide = np.floor((planes[:, :3] - origin) / (2 * edge)).astype(np.int64)
    axis = np.argmax(np.abs(planes[:, 3:]), axis=1)
    side = 2 * axis + (np.take_along_axis(planes[:, 3:], axis[:, None], axis=1)[:, 0] > 0)
    size = wide.max(axis=0) + 1
    key = ((wide[:, 0] * size[1] + wide[:, 1]) * size[2] + wide[:, 2]) * 6 + side
    _, patch = np.unique(key, return_inverse=True)
    count = int(patch.max()) + 1
    whole = np.bincount(patch, area, count)
    made = np.column_stack([np.bincount(patch, area * planes[:, column], count) / whole for column in range(6)])
    made[:, 3:] /= np.maximum(np.linalg.norm(made[:, 3:], axis=1, keepdims=True), 1e-12)
    return patch.astype(np.int32), made, np.asarray(whole, dtype=np.float64)


def _joined(patch: Whole, touching: Links, count: int) -> Links:
    """Return which patches touch: those of which two cells do."""
    owner = np.repeat(patch, np.diff(touching.first)).astype(np.int64)
    pairs = np.unique(owner * count + patch[touching.to])
    first = np.searchsorted(pairs, np.arange(count + 1) * count)
    return Links(first.astype(np.int32), (pairs % count).astype(np.int32))
