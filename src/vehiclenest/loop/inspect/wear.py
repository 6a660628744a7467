"""Wear: what a surface lost smoothly, apart from dents in it, and the volume that makes.

The field is a median over 10 mm of the same face (a dent covers less than half of that, a step stays a step), twice put right by the
mean of what it leaves. The volume adds up the cells themselves, so that a bend of the field leaves no bias.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.cell_statistics import Gathered, clipped_means, medians, nearest_level, spread_to_unknown
from vehiclenest.loop.inspect.model import Figure
from vehiclenest.loop.inspect.surface_cells import SurfaceCells
from vehiclenest.loop.inspect.surface_kernels import Real

Flags = NDArray[np.bool_]

MOST_WEAR_MM = 2.0  # what is deeper is no wear but a piece gone
_TWICINGS = 2
_TOLD_FROM_NONE = 4.0  # deviations of a patch's level
_RINGS = 2  # patches around worn ones whose wear, too slight to be told, counts for the volume
_LEAST_PATCH_POINTS = 4


@dataclass(frozen=True, slots=True)
class WearField:
    """Level of the cells (c,) and patches (p,) in mm, negative where worn; whether a patch's level is known; its deviation, mm."""

    level: Real
    patch_level: Real
    known: Flags
    deviation_mm: float


def wear_field(cells: SurfaceCells, scan: Gathered, noise_mm: float) -> WearField:
    """Return the smooth field under the deviations of a scan."""
    points = scan.count * np.where(cells.sharp, 1e-3, 1.0)
    patches = len(cells.patch_area)
    weight: Real = np.bincount(cells.patch, points, patches).astype(np.float64)
    raw = np.bincount(cells.patch, points * scan.mean, patches) / np.maximum(weight, 1e-300)
    covered = np.bincount(cells.patch, scan.count, patches) >= _LEAST_PATCH_POINTS
    clear = covered & (np.abs(raw) < MOST_WEAR_MM)
    plain = clear & (weight >= _LEAST_PATCH_POINTS)  # of other than sharp cells
    near = cells.patch_near
    level = medians(near.first, near.to, raw, plain, np.ones(patches, dtype=np.bool_))
    bare = np.isnan(level)
    level = np.where(bare, medians(near.first, near.to, raw, clear, bare), level)
    known = ~np.isnan(level)
    for _ in range(_TWICINGS):
        left = np.where(plain & known, raw - np.nan_to_num(level), np.inf)
        limit = 3 * max(noise_mm / 3, 1.4826 * float(np.median(np.abs(left[np.isfinite(left)]))) if plain.any() else 0.0)
        level = level + clipped_means(near.first, near.to, left, weight, limit)
    level = spread_to_unknown(cells.patch_touching.first, cells.patch_touching.to, level)
    deviation = noise_mm / np.sqrt(max(1.0, float(np.median(weight[plain])) if plain.any() else 1.0))
    of_cells = nearest_level(cells.patch_touching.first, cells.patch_touching.to, cells.patch, level, scan.mean, scan.count)
    return WearField(of_cells, level, known, deviation)


@dataclass(frozen=True, slots=True)
class Worn:
    """Volume and greatest depth of wear, its area in mm², and which share of that the scan did not see."""

    volume_mm3: Figure
    greatest_mm: Figure
    area_mm2: float
    unseen: float


def worn(
    cells: SurfaceCells,
    scan: Gathered,
    field: WearField,
    defective: Flags,
    noise_mm: float,
    reference_mm: float,
    pose_covariance: Real | None,
) -> Worn:
    """Return what wear took off, over the patches that can be told from unworn ones and two rings around them.

    `defective` (c,) are cells that dents, cracks and the like have; the field stands in for them. The interval adds noise, pose, the
    reference's error (all over the surface alike) and the wear at the border that may be left out.
    """
    told = max(_TOLD_FROM_NONE * field.deviation_mm, 3 * reference_mm)
    here = field.known & (field.patch_level < -told)
    if not here.any():
        return Worn(Figure(0.0, 0.0), Figure(0.0, 2 * float(np.hypot(field.deviation_mm, reference_mm))), 0.0, 0.0)
    area = float(cells.patch_area[here].sum())
    grown = here
    for _ in range(_RINGS):
        grown = grown | _touched(cells, grown)
    border = grown & _touched(cells, ~grown)
    inside = grown[cells.patch]
    covered = (scan.count > 0) & ~cells.sharp & ~defective & (np.abs(scan.mean - field.level) < 5 * noise_mm)
    depth = -np.where(covered, scan.mean, field.level)[inside]
    places, normals, size = cells.planes[inside, :3], cells.planes[inside, 3:], cells.area[inside]
    volume = float(np.sum(depth * size))
    variance = float(np.sum((size * noise_mm) ** 2 / np.maximum(scan.count[inside], 1.0)))
    moved = _moved_by_pose(cells, places, normals)
    lost = float(cells.patch_area[border].sum()) * field.deviation_mm * 2
    pose = 0.0
    if pose_covariance is not None:
        along = size @ moved
        pose = float(along @ pose_covariance @ along)
    uncertainty = 2 * np.sqrt(variance + pose + (reference_mm * area) ** 2 + lost**2 + (0.002 * volume) ** 2)
    deepest = int(np.argmin(np.where(here, field.patch_level, np.inf)))
    at = np.flatnonzero(cells.patch[inside] == deepest)[0]
    tilt = 0.0 if pose_covariance is None else float(moved[at] @ pose_covariance @ moved[at])
    greatest = 2 * float(np.sqrt(field.deviation_mm**2 + reference_mm**2 + tilt))
    unseen = float(size[scan.count[inside] == 0].sum() / size.sum())
    return Worn(Figure(volume, float(uncertainty)), Figure(-float(field.patch_level[deepest]), greatest), area, unseen)


def _touched(cells: SurfaceCells, here: Flags) -> Flags:
    links = cells.patch_touching
    owner = np.repeat(np.arange(len(here)), np.diff(links.first))
    return np.bincount(owner[here[links.to]], minlength=len(here)) > 0


def _moved_by_pose(cells: SurfaceCells, places: Real, normals: Real) -> Real:
    """Return how the distance (c, 6) at each place follows a small motion (rx, ry, rz, tx, ty, tz) about the middle of the part."""
    middle = (cells.planes[:, :3].min(axis=0) + cells.planes[:, :3].max(axis=0)) / 2
    x, y, z = (places - middle).T
    u, v, w = normals.T
    return np.column_stack([y * w - z * v, z * u - x * w, x * v - y * u, normals])
