"""Damage laid on a sampled surface as a displacement along the outward normal, in mm: inwards negative, outwards positive.

True volumes are the integral of the displacement over the mesh, to first order in displacement × curvature: exact on flat faces.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import manifold3d
import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh

Real = NDArray[np.float64]
DamageKind = Literal["dent", "wear", "crack", "corrosion", "excess"]
Displacement = Callable[[Real, Real], Real]
SAME_SIDE = 0.5  # cosine between normals beyond which a point belongs to the side that was hit
SAME_FACE = 0.985  # cosine of 10°: what still belongs to a plane face
DEFAULT_STEP_MM = 0.25
WAVE_MM = 300.0  # over what length the wear of a whole face rises and falls


@dataclass(frozen=True, slots=True)
class Mark:
    """One damage: `displacement(points (n, 3), normals (n, 3)) -> (n,)` in mm, nothing beyond `reach_mm` from its centre."""

    kind: DamageKind
    centre_mm: Real
    reach_mm: float
    depth_mm: float
    displacement: Displacement
    step_mm: float = DEFAULT_STEP_MM


@dataclass(frozen=True, slots=True)
class Truth:
    """What a mark did to a mesh: greatest depth (height for `excess`), area that moved, volume taken off (put on for `excess`)."""

    kind: DamageKind
    centre_mm: tuple[float, float, float]
    depth_mm: float
    area_mm2: float
    volume_mm3: float


def dent(centre: Real, normal: Real, *, depth_mm: float, diameter_mm: float) -> Mark:
    """Return a dent of cosine profile: −depth · (1 + cos(2πr / diameter)) / 2."""
    return Mark(
        "dent",
        centre,
        diameter_mm / 2,
        depth_mm,
        _bumps(centre[None], normal, np.array([diameter_mm / 2]), np.array([-depth_mm])),
    )


def corrosion(centre: Real, normal: Real, *, radius_mm: float, depth_mm: float, pits: int, seed: int) -> Mark:
    """Return a patch of pits of random size: none deeper than `depth_mm`; where they meet, the deepest counts."""
    rng = np.random.default_rng(seed)
    centres = centre + _scattered(rng, normal, radius_mm * 0.8, pits)
    radii = rng.uniform(0.08, 0.2, pits) * radius_mm
    depths = -depth_mm * rng.uniform(0.3, 1.0, pits)
    depths[0] = -depth_mm
    step = float(radii.min()) / 6
    return Mark("corrosion", centre, radius_mm, depth_mm, _bumps(centres, normal, radii, depths), step)


def spatter(centre: Real, normal: Real, *, radius_mm: float, height_mm: float, beads: int, seed: int) -> Mark:
    """Return beads of weld spatter that stand out of the surface, none higher than `height_mm`."""
    rng = np.random.default_rng(seed)
    centres = centre + _scattered(rng, normal, radius_mm * 0.7, beads)
    radii = rng.uniform(0.15, 0.3, beads) * radius_mm
    heights = height_mm * rng.uniform(0.5, 1.0, beads)
    heights[0] = height_mm
    return Mark("excess", centre, radius_mm, height_mm, _bumps(centres, normal, radii, heights), float(radii.min()) / 6)


def crack(path: Real, normal: Real, *, width_mm: float, depth_mm: float) -> Mark:
    """Return a crack along a path (k, 3): a V groove as wide as `width_mm` and as deep as `depth_mm`."""
    centre = path.mean(axis=0)
    reach = float(np.linalg.norm(path - centre, axis=1).max()) + width_mm

    def displacement(points: Real, normals: Real) -> Real:
        away = np.full(len(points), np.inf)
        for start, end in pairwise(path):
            run = end - start
            share = np.clip((points - start) @ run / (run @ run), 0, 1)
            away = np.minimum(away, np.linalg.norm(points - start - share[:, None] * run, axis=1))
        groove = -depth_mm * np.maximum(0, 1 - 2 * away / width_mm)
        return np.where(normals @ normal > SAME_SIDE, groove, 0.0)

    return Mark("crack", centre, reach, depth_mm, displacement, width_mm / 8)


def wear(
    centre: Real, normal: Real, *, depth_mm: float, uneven: float = 0.0, radius_mm: float = np.inf, band_mm: float = 0.5
) -> Mark:
    """Return wear of the plane face through a centre: `depth_mm` everywhere, or falling smoothly by the share `uneven` across it.

    The face is what lies within `band_mm` of the plane, faces along `normal` and is no further than `radius_mm` from the centre.
    """
    across = _sideways(normal)[0]

    def displacement(points: Real, normals: Real) -> Real:
        off = points - centre
        on_face = (np.abs(off @ normal) < band_mm) & (normals @ normal > SAME_FACE) & (np.linalg.norm(off, axis=1) < radius_mm)
        span = WAVE_MM if np.isinf(radius_mm) else 2 * radius_mm
        fall = uneven * (1 - np.cos(2 * np.pi * (off @ across) / span)) / 2
        return np.where(on_face, -depth_mm * (1 - fall), 0.0)

    return Mark("wear", centre, radius_mm, depth_mm, displacement, 1.0)


def wear_round(centre: Real, axis: Real, *, radius_mm: float, length_mm: float, depth_mm: float, uneven: float = 0.0) -> Mark:
    """Return wear of a journal or bore: of what faces away from or towards an axis at a radius, over a length about a centre on it.

    It falls by the share `uneven` from one side to the other, as under a load that always comes from one side.
    """
    side = _sideways(axis)[0]

    def displacement(points: Real, normals: Real) -> Real:
        off = points - centre
        along = off @ axis
        outward = off - along[:, None] * axis
        away = np.linalg.norm(outward, axis=1)
        radial = np.abs(np.einsum("ij,ij->i", outward, normals)) / np.maximum(away, 1e-12) > SAME_FACE
        on_face = radial & (np.abs(away - radius_mm) < 0.5) & (np.abs(along) < length_mm / 2)  # noqa: PLR2004  facets cut in
        fall = uneven * (1 - (outward @ side) / np.maximum(away, 1e-12)) / 2
        return np.where(on_face, -depth_mm * (1 - fall), 0.0)

    return Mark("wear", centre, float(np.hypot(radius_mm, length_mm / 2)) + 1, depth_mm, displacement, 1.0)


def broken(mesh: Mesh, centre: Real, radius_mm: float) -> tuple[Mesh, float]:
    """Return a part without the piece within a radius of a point, and the volume of that piece in mm³."""
    ball: Any = manifold3d.Manifold.sphere(radius_mm, 64).translate(tuple(centre))
    whole: Any = manifold3d.Manifold(manifold3d.Mesh64(mesh.vertices, mesh.triangles.astype(np.uint64)))
    left: Any = whole - ball
    made: Any = left.to_mesh64()
    rest = Mesh(np.array(made.vert_properties[:, :3], dtype=np.float64), np.array(made.tri_verts, dtype=np.int32))
    return rest, float(whole.volume() - left.volume())


def together(marks: Sequence[Mark]) -> Displacement:
    """Return the displacement of all marks on one surface: they add up, a dent in a worn face is a dent still."""

    def displacement(points: Real, normals: Real) -> Real:
        total = np.zeros(len(points))
        for mark in marks:
            near = np.flatnonzero(np.linalg.norm(points - mark.centre_mm, axis=1) <= mark.reach_mm)
            total[near] += mark.displacement(points[near], normals[near])
        return total

    return displacement


def truth(mesh: Mesh, mark: Mark) -> Truth:
    """Return what a mark does to a mesh, integrated over triangles split until their edges are no longer than the mark's step."""
    corners = mesh.corners
    spheres = corners.mean(axis=1)
    sizes = np.linalg.norm(corners - spheres[:, None], axis=2).max(axis=1)
    near = np.flatnonzero((np.linalg.norm(spheres - mark.centre_mm, axis=1) <= mark.reach_mm + sizes) & (mesh.areas_mm2 > 0))
    corners, normals = corners[near], mesh.doubled_normals[near]
    area = volume = 0.0
    while len(corners):
        longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
        fine = longest <= mark.step_mm
        moved_area, moved_volume = _summed(corners[fine], normals[fine], mark)
        area, volume = area + moved_area, volume + moved_volume
        corners, normals = _quartered(corners[~fine], normals[~fine], mark)
    x, y, z = (float(value) for value in mark.centre_mm)
    return Truth(mark.kind, (x, y, z), mark.depth_mm, area, abs(volume))


def _summed(corners: Real, normals: Real, mark: Mark) -> tuple[float, float]:
    """Return the moved area and the volume of triangles, by their middles."""
    lengths = np.linalg.norm(normals, axis=1)
    moved = mark.displacement(corners.mean(axis=1), normals / lengths[:, None])
    return float((lengths / 2)[moved != 0].sum()), float((moved * lengths / 2).sum())


def _quartered(corners: Real, normals: Real, mark: Mark) -> tuple[Real, Real]:
    """Return triangles split into four at the middles of their edges, without those beyond the mark's reach."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    split = np.concatenate([np.stack(three, axis=1) for three in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    middles = split.mean(axis=1)
    sizes = np.linalg.norm(split - middles[:, None], axis=2).max(axis=1)
    near = np.linalg.norm(middles - mark.centre_mm, axis=1) <= mark.reach_mm + sizes
    return split[near], np.tile(normals / 4, (4, 1))[near]


def _bumps(centres: Real, normal: Real, radii: Real, heights: Real) -> Displacement:
    """Return cosine bumps or pits on the side that faces along `normal`; where they meet, the greatest counts."""

    def displacement(points: Real, normals: Real) -> Real:
        found = np.zeros(len(points))
        for centre, radius, height in zip(centres, radii, heights, strict=True):
            away = np.minimum(np.linalg.norm(points - centre, axis=1) / radius, 1.0)
            bump = height * (1 + np.cos(np.pi * away)) / 2
            found = np.where(np.abs(bump) > np.abs(found), bump, found)
        return np.where(normals @ normal > SAME_SIDE, found, 0.0)

    return displacement


def _sideways(normal: Real) -> tuple[Real, Real]:
    """Return two unit vectors across a unit normal and each other."""
    first: Real = np.asarray(np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))]), dtype=np.float64)
    first /= np.linalg.norm(first)
    return first, np.asarray(np.cross(normal, first), dtype=np.float64)


def _scattered(rng: np.random.Generator, normal: Real, radius: float, count: int) -> Real:
    """Return offsets (count, 3) evenly scattered over a disc across a normal."""
    first, second = _sideways(normal)
    away, angle = radius * np.sqrt(rng.uniform(size=count)), rng.uniform(0, 2 * np.pi, count)
    return away[:, None] * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second)
