"""Wear: what a surface lost smoothly, apart from dents in it, and the volume that makes.

The field is a median over 10 mm of the same face (a dent covers less than half of that, a step stays a step), twice put right by the
mean of what it leaves. The volume adds up the cells themselves, so that a bend of the field leaves no bias.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from vehiclenest.loop.inspect.cell_statistics import (
    Gathered,
    clipped_means,
    medians,
    nearest_level,
    spread_to_unknown,
)
from vehiclenest.loop.inspect.model import Figure
from vehiclenest.loop.inspect.surface_cells import SMOOTH_MM, SurfaceCells
from vehiclenest.loop.inspect.surface_kernels import Real, Whole

Flags = NDArray[np.bool_]

MOST_WEAR_MM = 2.0  # what is deeper is no wear but a piece gone
_TWICINGS = 2
_TOLD_FROM_NONE = 4.0  # deviations of a patch's level
_RINGS = 2  # patches around worn ones whose wear, too slight to be told, counts for the volume
_HOLLOW_RINGS = 3  # patches that the median of a hollow reaches
_LEAST_PATCH_POINTS = 4
_SETTLING = 8  # steps to the rest of the pose, at most
_STILL_MM = 1e-6
_MANY = 10_000  # patches that tell the rest of the pose
_TUKEY = 4.685  # of the standard deviation: 95 % efficiency on normal noise (Beaton and Tukey 1974)
_LEAST_AROUND = 0.5  # points of a patch that are reckoned with where there are fewer
_BEYOND = 5.0  # noises: a cell further off the field is no wear
_UNWORN = 2.0  # noises: no cell without wear stands out further
_SCATTER = 2.0  # noises: points of a cell that scatter more are not of one surface
_DEEPEST = 0.95  # quantile of the depths that were seen
_FREE = 2e-4  # of the mean: what resists a motion less is not fixed by the surface


@dataclass(frozen=True, slots=True)
class WearField:
    """Level of the cells (c,) and patches (p,) in mm, negative where worn; whether a patch's level is known; its deviation, mm."""

    level: Real
    patch_level: Real
    known: Flags
    deviation_mm: float


def wear_field(cells: SurfaceCells, scan: Gathered, noise_mm: float) -> WearField:
    """Return the smooth field under the deviations of a scan."""
    everywhere = np.ones(len(cells.patch_area), dtype=np.bool_)
    return _field(cells, scan.mean, _trusted(scan, noise_mm), scan.count, noise_mm, None, everywhere)


def without(cells: SurfaceCells, scan: Gathered, field: WearField, defective: Flags, noise_mm: float) -> WearField:
    """Return the field once more, now that it is known which cells (c,) have a defect: these have no say in it."""
    changed = np.zeros(len(cells.patch_area), dtype=np.bool_)
    for patch in np.unique(cells.patch[defective]).tolist():
        changed[cells.patch_near.of(patch)] = True  # whom a patch is near is near it
    mean, seen = np.where(defective, field.level, scan.mean), np.where(defective, 0.0, _trusted(scan, noise_mm))
    before = np.where(field.known, field.patch_level, np.nan)
    return _field(cells, mean, seen, scan.count, noise_mm, before, changed)


def _trusted(scan: Gathered, noise_mm: float) -> Real:
    """Return how many points (c,) of the usual noise each cell's mean is worth: points mixed at an edge scatter more."""
    return scan.count * np.minimum(1.0, (_SCATTER * noise_mm) ** 2 / np.maximum(scan.variance, 1e-18))


def _field(
    cells: SurfaceCells, mean: Real, seen: Real, count: Real, noise_mm: float, before: Real | None, changed: Flags
) -> WearField:
    """Return the field of the means (c,) of cells with so many points that speak for the field, of so many that there are.

    Levels are taken of patches that `changed` (p,); the others keep those of `before`.
    """
    weight, raw, clear = _averaged(cells, mean, seen)
    plain = clear & (weight >= _LEAST_PATCH_POINTS)  # of other than sharp cells
    near = cells.patch_near
    level = medians(near.first, near.to, raw, plain, changed)
    bare = np.isnan(level) & changed
    level = np.where(bare, medians(near.first, near.to, raw, clear, bare), level)
    level = level if before is None else np.where(changed, level, before)
    known = ~np.isnan(level)
    for _ in range(_TWICINGS):
        left = np.where(plain & known, raw - np.nan_to_num(level), np.inf)
        limit = 3 * max(noise_mm / 3, 1.4826 * float(np.median(np.abs(left[np.isfinite(left)]))) if plain.any() else 0.0)
        level = level + clipped_means(near.first, near.to, left, weight, changed, limit)
    level = spread_to_unknown(cells.patch_touching.first, cells.patch_touching.to, level)
    deviation = noise_mm / np.sqrt(max(1.0, float(np.median(weight[plain])) if plain.any() else 1.0))
    of_cells = nearest_level(cells.patch_touching.first, cells.patch_touching.to, cells.patch, level, mean, count)
    return WearField(of_cells, level, known, deviation)


def hollowed(cells: SurfaceCells, scan: Gathered, field: WearField, hollow: Whole, noise_mm: float) -> WearField:
    """Return the field with a closer median where cells (k,) lie in hollows that the wider one cut off: of these, three rings wide."""
    _, raw, clear = _averaged(cells, scan.mean, _trusted(scan, noise_mm))
    level, known, touching = field.patch_level.copy(), field.known.copy(), cells.patch_touching
    own = np.unique(cells.patch[hollow])
    lies_in = np.zeros(len(level), dtype=np.bool_)
    lies_in[own] = True
    for patch in own.tolist():
        around = touching.of(patch)
        for _ in range(_HOLLOW_RINGS - 1):
            around = np.unique(np.concatenate([touching.of(other) for other in around.tolist()]))
        around = around[lies_in[around]]
        if clear[around].any():
            level[patch], known[patch] = np.median(raw[around[clear[around]]]), True
    of_cells = nearest_level(touching.first, touching.to, cells.patch, level, scan.mean, scan.count)
    return WearField(of_cells, level, known, field.deviation_mm)


def _averaged(cells: SurfaceCells, mean: Real, seen: Real) -> tuple[Real, Real, Flags]:
    """Return of the patches (p,) how many points speak for each, those of sharp cells hardly; their mean; whether that is wear at all."""
    points = seen * np.where(cells.sharp, 1e-3, 1.0)
    patches = len(cells.patch_area)
    weight: Real = np.bincount(cells.patch, points, patches).astype(np.float64)
    raw = np.bincount(cells.patch, points * mean, patches) / np.maximum(weight, 1e-300)
    covered = np.bincount(cells.patch, seen, patches) >= _LEAST_PATCH_POINTS
    return weight, raw, covered & (np.abs(raw) < MOST_WEAR_MM)


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
    slopes = cells.patch_slopes
    rest = _rest_motion(cells, field, slopes, reference_mm)
    level = field.patch_level - slopes @ rest.motion
    low = min(told, max(3 * rest.spread_mm, 3 * reference_mm))
    unsure = _unsureness(cells, scan)
    here = _joined(cells, field.known & (level < -told * unsure), field.known & (level < -low * unsure))
    if not here.any():
        return Worn(Figure(0.0, 0.0), Figure(0.0, 2 * float(np.hypot(field.deviation_mm, reference_mm))), 0.0, 0.0)
    area = float(cells.patch_area[here].sum())
    grown = here
    for _ in range(_RINGS):
        grown = grown | _touched(cells, grown)
    border = grown & _touched(cells, ~grown)
    inside = grown[cells.patch]
    left = scan.mean < np.maximum(field.level + _BEYOND * noise_mm, _UNWORN * noise_mm)  # less worn than around it, or not at all
    sure = _trusted(scan, noise_mm) == scan.count
    covered = (scan.count > 0) & ~defective & (scan.mean > field.level - _BEYOND * noise_mm) & left & sure
    size = cells.area[inside]
    moved = cells.slopes[inside]
    depth = moved @ rest.motion - np.where(covered, scan.mean, field.level)[inside]
    told_of = here[cells.patch][inside]
    unseen = scan.count[inside] == 0
    depth[unseen & ~told_of] = 0.0  # nothing says that what nobody saw around it is worn
    if (told_of & ~unseen).any():  # nor that it is worn more than what was seen
        depth = np.where(unseen, np.minimum(depth, np.quantile(depth[told_of & ~unseen], _DEEPEST)), depth)
    volume = float(np.sum(depth * size))
    variance = float(np.sum((size * noise_mm) ** 2 / np.maximum(scan.count[inside], 1.0)))
    lost = float(cells.patch_area[border].sum()) * low / 2
    covariance = rest.covariance if pose_covariance is None else rest.covariance + pose_covariance
    along = size @ moved
    pose = float(along @ covariance @ along)
    uncertainty = 2 * np.sqrt(variance + pose + (reference_mm * area) ** 2 + lost**2 + (0.002 * volume) ** 2)
    deepest = int(np.argmin(np.where(here, level, np.inf)))
    at = np.flatnonzero(cells.patch[inside] == deepest)[0]
    tilt = float(moved[at] @ covariance @ moved[at])
    greatest = 2 * float(np.sqrt(field.deviation_mm**2 + reference_mm**2 + tilt))
    share = float(size[unseen].sum() / size.sum())
    return Worn(Figure(volume, float(uncertainty)), Figure(-float(level[deepest]), greatest), area, share)


def _unsureness(cells: SurfaceCells, scan: Gathered) -> Real:
    """Return how many times the deviation of a usual patch each (p,) has: by the points in it and around it."""
    points: Real = np.bincount(cells.patch, scan.count, len(cells.patch_area)).astype(np.float64)
    everywhere = np.ones(len(points), dtype=np.bool_)
    around = clipped_means(cells.patch_touching.first, cells.patch_touching.to, points, np.ones(len(points)), everywhere, np.inf)
    usual = float(np.median(points[points >= _LEAST_PATCH_POINTS])) if (points >= _LEAST_PATCH_POINTS).any() else 1.0
    return np.sqrt(np.maximum(1.0, usual / np.maximum(around, _LEAST_AROUND)))


def _touched(cells: SurfaceCells, here: Flags) -> Flags:
    found = np.zeros(len(here), dtype=np.bool_)
    found[cells.patch_owner[here[cells.patch_touching.to]]] = True
    return found


def _joined(cells: SurfaceCells, surely: Flags, maybe: Flags) -> Flags:
    """Return the patches that may be worn and hang together, by others that may be, with one that surely is."""
    links = cells.patch_touching
    owner = cells.patch_owner
    kept = maybe[owner] & maybe[links.to]
    size = len(maybe)
    graph = csr_array((np.ones(np.count_nonzero(kept)), (owner[kept], links.to[kept])), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    return maybe & (np.bincount(label[surely], minlength=count) > 0)[label]


@dataclass(frozen=True, slots=True)
class _Rest:
    """What the pose is still off by: small motion (6,) with its covariance (6, 6), and the spread of the unworn patches about it, mm."""

    motion: Real
    covariance: Real
    spread_mm: float


def _rest_motion(cells: SurfaceCells, field: WearField, slopes: Real, least_mm: float) -> _Rest:
    """Return the motion that brings most patches to naught: slight wear, which hides in the noise of points, stands out of patches.

    Tukey's biweight (Beaton and Tukey 1974) on levels; motions that the surface does not fix get no step.
    """
    rows = np.flatnonzero(field.known)
    every = max(1, len(rows) // _MANY)  # neighbours share a median: some tell as much as all
    rows = rows[::every]
    length = np.array([cells.span_mm / 4] * 3 + [1.0] * 3)
    slopes = slopes[rows] / length
    level, area = field.patch_level[rows], every * cells.patch_area[rows]
    step, spread, inverse = np.zeros(6), 0.0, np.zeros((6, 6))
    for _ in range(_SETTLING):
        left = level - slopes @ step
        spread = max(1.4826 * float(np.median(np.abs(left))) if len(left) else 0.0, least_mm / 4)
        weight = area * np.clip(1 - (left / (_TUKEY * spread)) ** 2, 0, None) ** 2
        normal = (slopes * weight[:, None]).T @ slopes
        values, vectors = np.linalg.eigh(normal)
        fixed = values > _FREE * max(float(values.mean()), 1e-300)
        inverse = (vectors[:, fixed] / values[fixed]) @ vectors[:, fixed].T
        further = inverse @ (slopes.T @ (weight * left))
        step = step + further
        if np.abs(further).max() < _STILL_MM:
            break
    together = np.pi * SMOOTH_MM**2  # mm² whose levels are of one median
    return _Rest(step / length, inverse * spread**2 * together / np.outer(length, length), spread)
