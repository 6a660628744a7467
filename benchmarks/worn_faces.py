"""Wear on one face of a part with its true volume, for the benchmark of damage: a plane face, a journal or bore, or a smooth hollow."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.simulate.wear_and_tear import SAME_SIDE, Mark, dent, wear, wear_round
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

Real = NDArray[np.float64]
WEARS_MM, LEAST_FACE_MM2, MOST_OF_SURFACE = (0.03, 0.3), 400.0, 0.3
TRUTH_POINTS, BAND_MM = 300_000, 0.05
_LATTICE = np.array([(i, j, 10 - i - j) for i in range(11) for j in range(11 - i)]) / 10  # shares of a triangle's corners


def drawn_wear(mesh: Mesh, cells: SurfaceCells, chance: np.random.Generator) -> Mark | None:
    """Return wear of a plane face, of a journal or bore about z, or of a smooth hollow 36 to 60 mm wide, as the part has them."""
    depth, uneven = math.exp(chance.uniform(math.log(WEARS_MM[0]), math.log(WEARS_MM[1]))), float(chance.uniform(0, 0.8))
    kinds: list[int] = chance.permutation(3).tolist()
    for kind in kinds:
        made = None
        if kind == 0:
            made = _plane_wear(mesh, chance, depth, uneven)
        elif kind == 1:
            made = _round_wear(mesh, chance, depth, uneven)
        else:
            made = _hollow(cells, chance, depth)
        if made is not None:
            return made
    return None


def _plane_wear(mesh: Mesh, chance: np.random.Generator, depth: float, uneven: float) -> Mark | None:
    unit = mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)
    offset: Real = np.einsum("ij,ij->i", mesh.corners[:, 0], unit)
    faces = _faces(mesh, np.concatenate([unit.round(3), offset.round(2)[:, None]], axis=1), np.ones(len(unit), dtype=np.bool_))
    if not faces:
        return None
    face = faces[int(chance.integers(len(faces)))]
    areas = mesh.areas_mm2[face]
    centre: Real = areas @ mesh.corners[face].mean(axis=1) / areas.sum()
    normal = unit[face[np.argmax(mesh.areas_mm2[face])]]
    centre = centre - ((centre - mesh.corners[face[0], 0]) @ normal) * normal
    return wear(centre, normal, depth_mm=depth, uneven=uneven, band_mm=BAND_MM)


def _round_wear(mesh: Mesh, chance: np.random.Generator, depth: float, uneven: float) -> Mark | None:
    unit = mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)
    middles = mesh.corners.mean(axis=1)
    radius: Real = np.hypot(mesh.corners[:, :, 0], mesh.corners[:, :, 1]).max(axis=1)
    outward = middles[:, :2] / np.maximum(np.hypot(middles[:, 0], middles[:, 1]), 1e-9)[:, None]
    radial = np.abs(np.einsum("ij,ij->i", outward, unit[:, :2])) > 0.99
    faces = _faces(mesh, np.round(radius, 1)[:, None], radial & (radius > 5))
    if not faces:
        return None
    face = faces[int(chance.integers(len(faces)))]
    heights = mesh.corners[face][:, :, 2]
    middle = np.array([0.0, 0.0, (heights.min() + heights.max()) / 2])
    return wear_round(
        middle,
        np.array([0.0, 0, 1]),
        radius_mm=float(radius[face].mean()),
        length_mm=float(np.ptp(heights)),
        depth_mm=depth,
        uneven=uneven,
    )


def _hollow(cells: SurfaceCells, chance: np.random.Generator, depth: float) -> Mark | None:
    """Return a wide and smooth hollow in surface that turns by less than 45° within it."""
    every = cKDTree(cells.planes[:, :3])
    for place in chance.choice(len(cells), 30, p=cells.area / cells.area.sum()).tolist():
        width = float(chance.uniform(36, 60))
        centre, normal = cells.planes[place, :3].copy(), cells.planes[place, 3:].copy()
        within = np.array(every.query_ball_point(centre, width / 2))
        same = cells.planes[within, 3:] @ normal
        if (same > SAME_SIDE).sum() == (same > np.sqrt(0.5)).sum() and cells.area[
            within[same > SAME_SIDE]
        ].sum() > LEAST_FACE_MM2:
            return replace(dent(centre, normal, depth_mm=depth, diameter_mm=width), kind="wear", step_mm=1.0)
    return None


def _faces(mesh: Mesh, keys: Real, chosen: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Return the faces that may wear: triangles of one key that hang together, neither small nor most of the part."""
    _, key = np.unique(keys, axis=0, return_inverse=True)
    key = key.ravel().astype(np.int64)
    rows = np.flatnonzero(chosen & (mesh.areas_mm2 > 0))
    corner = (key[rows, None] * len(mesh.vertices) + mesh.triangles[rows]).ravel()
    _, node = np.unique(corner, return_inverse=True)
    size = len(rows) + int(node.max(initial=0)) + 1
    graph = csr_array((np.ones(len(node)), (np.repeat(np.arange(len(rows)), 3), len(rows) + node.ravel())), shape=(size, size))
    label = connected_components(graph, directed=False)[1][: len(rows)]
    area = np.bincount(label, mesh.areas_mm2[rows])
    fit = np.flatnonzero((area >= LEAST_FACE_MM2) & (area <= MOST_OF_SURFACE * mesh.area_mm2))
    return [rows[label == one] for one in fit.tolist()]


def lost_mm3(mesh: Mesh, mark: Mark) -> float:
    """Return the volume in mm³ that a mark takes off: its mean over so many points that it is right to 0.1 %."""
    corners = mesh.corners
    middles = corners.mean(axis=1)
    size = np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1)
    near = mesh.areas_mm2 > 0
    if np.isinf(mark.reach_mm):
        normals = mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)
        touched = np.zeros(len(corners), dtype=np.bool_)
        for weights in _LATTICE:  # a mark may end within a large triangle
            touched |= mark.displacement(np.einsum("k,nkj->nj", weights, corners), normals) != 0
        near &= touched
    else:
        near &= np.linalg.norm(middles - mark.centre_mm, axis=1) <= mark.reach_mm + size
    part = Mesh(mesh.vertices, mesh.triangles[near])
    on = Samples.of(part, TRUTH_POINTS)
    return -float(mark.displacement(on.points, on.normals).mean()) * part.area_mm2


def across(normal: Real) -> tuple[Real, Real]:
    """Return two unit vectors across a unit normal and each other."""
    first: Real = np.asarray(np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))]), dtype=np.float64)
    first /= np.linalg.norm(first)
    return first, np.asarray(np.cross(normal, first), dtype=np.float64)
