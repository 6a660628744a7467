"""Scans for identification: any part of the catalogue, half of it or more, worn and dented, as a structured-light scanner sees it."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.simulate.families import build
from vehiclenest.loop.inspect.simulate.scanner import Optics, any_motion, scan, views_for
from vehiclenest.loop.inspect.simulate.wear_and_tear import Mark, corrosion, dent, together, wear

COUNT, NOISE_MM, OUTLIERS = 100_000, 0.02, 0.005
SEEN = 0.5, 0.6  # least share of the surface that a scan shows; the last view often shows more
_PLACES = 1_000
_LARGE = 1 << 30


@lru_cache(maxsize=32)
def mesh_of(part_id: str) -> Mesh:
    """Return the mesh of a part of the catalogue."""
    return build(part_id)


def scan_of(part_id: str, chance: np.random.Generator) -> NDArray[np.float32]:
    """Return a scan (n, 3) in mm of one side of a part, which shows half of its surface or more, in any pose."""
    mesh = mesh_of(part_id)
    optics = Optics(points=COUNT, noise_mm=NOISE_MM, outliers=OUTLIERS)
    seed, share = int(chance.integers(_LARGE)), float(chance.uniform(*SEEN))
    try:
        views = views_for(mesh, share, seed, optics)
    except InputError:  # inner channels are seen from nowhere
        views = views_for(mesh, SEEN[0], seed, optics)
    places = Samples.of(mesh, _PLACES, seed=seed)
    marks = [
        _mark(places.points[row], places.normals[row], chance)
        for row in chance.integers(_PLACES, size=int(chance.integers(3, 10))).tolist()
    ]
    return scan(mesh, views, motion=any_motion(seed), displacement=together(marks), optics=optics, seed=seed).points


def _mark(point: NDArray[np.float64], normal: NDArray[np.float64], chance: np.random.Generator) -> Mark:
    """Return a damage at a place of the surface: wear of its face, a dent, or corrosion."""
    kind = chance.random()
    if kind < 0.4:
        return wear(point, normal, depth_mm=chance.uniform(0.05, 0.2), uneven=chance.uniform(0, 0.5))
    if kind < 0.85:
        return dent(point, normal, depth_mm=chance.uniform(0.1, 0.8), diameter_mm=chance.uniform(4, 10))
    radius, depth = chance.uniform(4, 12), chance.uniform(0.1, 0.4)
    return corrosion(point, normal, radius_mm=radius, depth_mm=depth, pits=30, seed=int(chance.integers(_LARGE)))
