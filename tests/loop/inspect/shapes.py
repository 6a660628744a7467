"""Shapes and scans for the tests of the room: a brake disc, a ring, points on their surfaces."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import manifold3d
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from vehiclenest.loop.inspect.mesh import Mesh

Array = NDArray[np.float64]


def mesh_of(solid: Any, edge_mm: float | None = None) -> Mesh:
    """Return the mesh of a solid, its triangles refined to an edge."""
    made: Any = (solid if edge_mm is None else solid.refine_to_length(edge_mm)).to_mesh()
    return Mesh(np.asarray(made.vert_properties[:, :3], dtype=np.float64), np.asarray(made.tri_verts, dtype=np.int32))


@lru_cache(maxsize=4)
def disc(edge_mm: float = 6.0) -> Mesh:
    """Return a disc with a hat, bolt holes and a keyway: no motion maps it onto itself."""
    solid: Any = manifold3d.Manifold.cylinder(20, 100, 100, 128) + manifold3d.Manifold.cylinder(45, 55, 50, 128)
    solid -= manifold3d.Manifold.cylinder(60, 30, 30, 96).translate((0, 0, -5))
    for number in range(5):
        angle = number * 2 * np.pi / 5
        solid -= manifold3d.Manifold.cylinder(60, 6, 6, 32).translate((42 * np.cos(angle), 42 * np.sin(angle), -5))
    return mesh_of(solid - manifold3d.Manifold.cube((20, 8, 80), True).translate((95, 0, 0)), edge_mm)


@lru_cache(maxsize=1)
def ring() -> Mesh:
    """Return a ring that may turn about its axis unseen."""
    solid: Any = manifold3d.Manifold.cylinder(30, 60, 60, 256) - manifold3d.Manifold.cylinder(40, 40, 40, 256).translate(
        (0, 0, -5)
    )
    return mesh_of(solid, 8.0)


@dataclass(frozen=True)
class Sampled:
    """Points (n, 3) on a surface, each beside its next neighbour in the list, with the outward normal (n, 3) there."""

    points: Array
    normals: Array


def sampled(mesh: Mesh, count: int, seed: int = 0) -> Sampled:
    """Return points spread evenly over a mesh, in the order of its triangles."""
    chance = np.random.default_rng(seed)
    triangle = np.sort(chance.choice(len(mesh.areas_mm2), count, p=mesh.areas_mm2 / mesh.area_mm2))
    weights = chance.dirichlet((1, 1, 1), count)
    normals = mesh.doubled_normals[triangle]
    return Sampled(
        np.einsum("ij,ijk->ik", weights, mesh.corners[triangle]), normals / np.linalg.norm(normals, axis=1, keepdims=True)
    )


def motion(degrees: float, millimetres: float, seed: int) -> Array:
    """Return a rigid motion (4, 4) of up to so much about and along each axis."""
    chance = np.random.default_rng(seed)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(np.deg2rad(chance.uniform(-degrees, degrees, 3))).as_matrix()
    pose[:3, 3] = chance.uniform(-millimetres, millimetres, 3)
    return pose
