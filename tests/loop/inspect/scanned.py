"""Scans of a worn and dented disc, with the truth: displacements along the normal on points spread evenly over the surface."""

from dataclasses import dataclass

import numpy as np

from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

from .shapes import Array, sampled

NOISE_MM = 0.02


@dataclass(frozen=True)
class Dent:
    """A dent of raised-cosine profile: centre (3,), width and depth in mm; a negative depth stands out."""

    centre: Array
    width: float
    depth: float

    @property
    def volume(self) -> float:
        return self.depth * (self.width / 2) ** 2 * np.pi * (0.5 - 2 / np.pi**2)


def pressed(points: Array, normals: Array, normal: Array, dent: Dent) -> Array:
    """Return the displacement (n,) of points on the face that looks along `normal`."""
    radius = np.linalg.norm(points - dent.centre, axis=1)
    phase = np.minimum(np.pi, 2 * np.pi * radius / dent.width)
    return np.where(normals @ normal > 0.9, -dent.depth * (1 + np.cos(phase)) / 2, 0.0)


def draw_dents(cells: SurfaceCells, count: int, seed: int, *, apart_mm: float = 16.0) -> list[tuple[Dent, Array]]:
    """Return dents, each with its normal, 0.1 to 0.6 mm deep and 4 to 10 mm wide, anywhere on flat surface, clear of edges."""
    chance = np.random.default_rng(seed)
    sharp = cells.planes[cells.sharp, :3]
    found: list[tuple[Dent, Array]] = []
    while len(found) < count:
        place = cells.planes[chance.choice(len(cells), p=cells.area / cells.area.sum())]
        width = float(chance.uniform(4, 10))
        far = float(np.linalg.norm(sharp - place[:3], axis=1).min())
        clear = all(np.linalg.norm(dent.centre - place[:3]) > apart_mm for dent, _ in found)
        if abs(place[5]) > 0.999 and far > width / 2 + 1 and clear:
            found.append((Dent(place[:3].copy(), width, float(chance.uniform(0.1, 0.6))), place[3:].copy()))
    return found


def scan_of(mesh: Mesh, count: int, seed: int, dents: list[tuple[Dent, Array]], wear: Array | None = None) -> tuple[Array, Array]:
    """Return points (n, 3) and distances (n,) of a mesh with dents; `wear` is (n,) mm taken off the points of `sampled`."""
    chance = np.random.default_rng(seed + 1000)
    on = sampled(mesh, count, seed)
    moved = np.zeros(count) if wear is None else -wear
    for dent, normal in dents:
        moved += pressed(on.points, on.normals, normal, dent)
    distances = moved + chance.normal(0, NOISE_MM, count)
    return on.points + distances[:, None] * on.normals, distances
