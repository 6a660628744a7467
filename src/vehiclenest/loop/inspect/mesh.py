"""A triangle mesh of a part: what it has to be, and its plain figures.

Lengths are in millimetres throughout the room, for scanners, drawings and tolerances speak of them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """A closed surface: vertices (v, 3) in mm, triangles (t, 3) of indices, counter-clockwise seen from outside."""

    vertices: Points
    triangles: NDArray[np.int32]

    @cached_property
    def corners(self) -> Points:
        """Corners (t, 3, 3) of every triangle, in mm."""
        return self.vertices[self.triangles]

    @cached_property
    def doubled_normals(self) -> Points:
        """Normals (t, 3) that point outwards, as long as twice the area of their triangle, in mm²."""
        corners = self.corners
        return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])

    @property
    def areas_mm2(self) -> NDArray[np.float64]:
        """Area (t,) of every triangle."""
        return np.linalg.norm(self.doubled_normals, axis=1) / 2

    @property
    def area_mm2(self) -> float:
        """Area of the surface."""
        return float(self.areas_mm2.sum())

    @property
    def volume_mm3(self) -> float:
        """Volume inside, by the divergence theorem; negative where the triangles face inwards."""
        return float(np.einsum("ij,ij->", self.corners[:, 0], self.doubled_normals) / 6)

    @property
    def low(self) -> Points:
        """Least corner (3,) of the box around the part, in mm."""
        return self.vertices.min(axis=0)

    @property
    def high(self) -> Points:
        """Greatest corner (3,) of the box around the part, in mm."""
        return self.vertices.max(axis=0)

    @property
    def diagonal_mm(self) -> float:
        """Length of the diagonal of the box around the part."""
        return float(np.linalg.norm(self.high - self.low))

    def moved(self, pose: Points) -> "Mesh":
        """Return the mesh after a rigid motion (4, 4)."""
        return Mesh(move(pose, self.vertices), self.triangles)

    def checked(self, name: str) -> "Mesh":
        """Return the mesh itself where it bounds a volume.

        Raises
        ------
        InputError
            Where a coordinate is no number, or the surface is open, crosses itself at an edge, or faces inwards.
        """
        where = Where(name)
        if len(self.triangles) == 0:
            raise InputError("the mesh holds no triangle", expected="export the part as a surface of triangles", where=where)
        if not np.isfinite(self.vertices).all():
            row = int(np.argmin(np.isfinite(self.vertices).all(axis=1)))
            raise InputError(f"vertex {row} holds a coordinate that is no number", expected="export the mesh again", where=where)
        if (open_edges := self.open_edges()) > 0:
            raise InputError(
                f"the mesh is not watertight: {open_edges} edges do not join two triangles",
                expected="close the holes before learning (fill holes, then export again)",
                where=where,
            )
        if self.volume_mm3 <= 0:
            raise InputError("the triangles face inwards", expected="flip the normals of the mesh", where=where)
        return self

    def open_edges(self) -> int:
        """Return how many edges are not run through once in each direction by exactly two triangles."""
        ends = np.concatenate([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]]).astype(np.int64)
        count = len(self.vertices)
        both = np.sort(ends[:, 0] * count + ends[:, 1]), np.sort(ends[:, 1] * count + ends[:, 0])
        if np.array_equal(*both) and bool((np.diff(both[0]) > 0).all()):
            return 0
        forth, runs = np.unique(ends[:, 0] * count + ends[:, 1], return_counts=True)
        back = np.unique(ends[:, 1] * count + ends[:, 0])
        lonely = (
            len(np.setxor1d(forth, back, assume_unique=True)) // 2
        )  # each such edge is in one of them and, turned round, in the other
        return lonely + int(np.count_nonzero(runs > 1))


def move(pose: Points, points: NDArray[np.floating]) -> Points:
    """Return points (n, 3) after a rigid motion (4, 4)."""
    return points @ pose[:3, :3].T + pose[:3, 3]
