"""Scans for identification: any part of the catalogue, half of it or more, worn and dented, with noise and outliers, in any pose."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from tests.loop.inspect.shapes import Array, motion, sampled

from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.simulate.families import build
from vehiclenest.loop.inspect.simulate.wear_and_tear import Mark, corrosion, dent, together, wear
from vehiclenest.loop.inspect.symmetry import undone

NOISE_MM, OUTLIERS, COUNT = 0.02, 0.02, 200_000
LEAST_SEEN = 0.5


@dataclass(frozen=True)
class Scan:
    """Points (n, 3) in mm of a part, and the pose (4, 4) that brings them home."""

    part_id: str
    points: NDArray[np.float32]
    truth: Array


@lru_cache(maxsize=32)
def mesh_of(part_id: str) -> Mesh:
    return build(part_id)


def scan_of(part_id: str, chance: np.random.Generator) -> Scan:
    """Return a scan from all sides but some: between 50 and 90 % of the surface, that which faces the scanner first."""
    mesh = mesh_of(part_id)
    share = chance.uniform(LEAST_SEEN, 0.9)
    on = sampled(mesh, int(COUNT / share), int(chance.integers(1 << 30)))
    way = chance.normal(size=3)
    way /= np.linalg.norm(way)
    along = on.points @ way
    seen = along if chance.random() < 0.3 else on.normals @ way + 0.3 * (along - along.mean()) / np.ptp(along)
    kept = seen >= np.quantile(seen, 1 - share)
    points, normals = on.points[kept], on.normals[kept]
    marks = [_mark(points, normals, chance) for _ in range(chance.integers(2, 7))]
    points = points + together(marks)(points, normals)[:, None] * normals
    points += chance.normal(0, NOISE_MM, points.shape)
    astray = chance.choice(len(points), int(OUTLIERS * len(points)), replace=False)
    points[astray] += chance.normal(0, 0.03 * mesh.diagonal_mm, (len(astray), 3))
    truth = motion(180, 300, int(chance.integers(1 << 30)))
    return Scan(part_id, move(undone(truth[None])[0], points).astype(np.float32), truth)


def _mark(points: Array, normals: Array, chance: np.random.Generator) -> Mark:
    """Return a damage somewhere on what was seen: wear of a face, a dent, or corrosion."""
    at = int(chance.integers(len(points)))
    kind = chance.random()
    if kind < 0.4:
        return wear(points[at], normals[at], depth_mm=chance.uniform(0.05, 0.2), uneven=chance.uniform(0, 0.5))
    if kind < 0.85:
        return dent(points[at], normals[at], depth_mm=chance.uniform(0.1, 0.8), diameter_mm=chance.uniform(4, 10))
    return corrosion(
        points[at],
        normals[at],
        radius_mm=chance.uniform(4, 12),
        depth_mm=chance.uniform(0.1, 0.4),
        pits=30,
        seed=int(chance.integers(99)),
    )
