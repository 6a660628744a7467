"""What is wrong with a registered scan: dents, cracks, missing pieces and excess on top of a smooth wear field, each with its figures.

Points are averaged over cells of the surface (surface_cells.py), wear is taken off (wear.py), and what stands out of the noise then
is a defect (regions.py), its depth fitted to the single points (profile.py).
"""

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.cell_statistics import Gathered, gather
from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.model import Damage, Defect, DefectKind, Figure
from vehiclenest.loop.inspect.profile import Profile, fit_profile
from vehiclenest.loop.inspect.regions import SHARP_DEPTH, Region, find_regions
from vehiclenest.loop.inspect.surface_cells import SurfaceCells
from vehiclenest.loop.inspect.surface_kernels import Real, Whole
from vehiclenest.loop.inspect.wear import MOST_WEAR_MM, Flags, WearField, hollowed, wear_field, without, worn

_LEAST_DEPTH_NOISES = 2.5  # a dent shallower than this is not told from the roughness of what is left of a wear field
_FITTED_AREA_MM2 = 150.0  # what is wider follows no profile
_LEAST_SHARE = 0.75  # of the tolerance: a shallower depth is told from it by nothing but its uncertainty
_MISSING_MM = 1.5
_MOST_HOLLOW_MM = 0.5  # what is so wide and no deeper is wear
_FLAT, _LEAST_FLAT_MM2 = 0.85, 15.0  # of the depth that nine of ten cells keep to: what half of them reach; a bowl's do 0.6
_OWN = 1.2  # widths of a dent's profile that are taken off the wear
_OFF_SHARE = 0.02
_MOST_FITTED = 60
_NONE: Whole = np.zeros(0, dtype=np.int32)


def assess_damage(
    surface: Mesh | SurfaceCells,
    points: NDArray[np.floating],
    distances: NDArray[np.floating],
    *,
    tolerance_mm: float,
    noise_mm: float | None = None,
    pose_covariance: Real | None = None,
    reference_mm: float = 0.001,
    pose: Real | None = None,
) -> Damage:
    """Return the damage of a scan with points (n, 3) and their signed distances (n,) from the reference, all in mm.

    Parameters
    ----------
    surface
        The reference, or its cells made once.
    tolerance_mm
        Depth from which a dent is a defect; never less than two and a half times the noise.
    noise_mm
        Standard deviation of a point; estimated from the scan where None.
    pose_covariance
        Covariance (6, 6) of a small motion (rx, ry, rz, tx, ty, tz) about the middle of the part, in rad and mm.
    reference_mm
        Standard deviation of the reference's own distances.
    pose
        Motion (4, 4) of the points into the reference's frame; none where they are in it.

    Raises
    ------
    InputError
        Where points and distances do not match, or too few points lie on the surface to tell their noise.
    """
    if points.ndim != 2 or points.shape[1] != 3 or distances.shape != (len(points),):  # noqa: PLR2004
        raise InputError(
            f"points of shape {points.shape} with distances of shape {distances.shape}", expected="(n, 3) and (n,), in mm"
        )
    if not tolerance_mm > 0:
        raise InputError(f"a tolerance of {tolerance_mm} mm", expected="more than 0")
    cells = surface if isinstance(surface, SurfaceCells) else SurfaceCells.of(surface)
    scan = gather(cells, points, distances, pose)
    noise = scan.noise_mm if noise_mm is None else noise_mm
    if not np.isfinite(noise):
        raise InputError(
            f"{len(points)} points are too few for a surface of {cells.area.sum():.0f} mm²",
            expected="8 points a mm² where it is seen",
        )
    noise = max(noise, reference_mm)
    field = wear_field(cells, scan, noise)
    least = max(tolerance_mm, _LEAST_DEPTH_NOISES * noise)
    regions = find_regions(cells, scan, field, noise, least)
    hollow = _hollow(cells, scan, regions)
    if len(hollow):
        field = hollowed(cells, scan, field, hollow, noise)
        regions = find_regions(cells, scan, field, noise, least)
    defects, defective, shallow = _told(cells, scan, field, regions, noise, reference_mm, tolerance_mm, least)
    hollow = np.concatenate([hollow, shallow])
    if defects:
        field = without(cells, scan, field, defective, noise)
    if len(hollow):
        field = hollowed(cells, scan, field, hollow, noise)
    wear = worn(cells, scan, field, defective, noise, reference_mm, pose_covariance)
    defects.sort(key=lambda defect: -defect.depth_mm.value)
    notes = _notes(cells, scan, least, wear.unseen)
    seen = float(cells.area[scan.count > 0].sum() / cells.area.sum())
    return Damage(tuple(defects), wear.volume_mm3, wear.greatest_mm, wear.area_mm2, notes, seen)


def _told(
    cells: SurfaceCells,
    scan: Gathered,
    field: WearField,
    regions: list[Region],
    noise: float,
    reference_mm: float,
    tolerance_mm: float,
    least_mm: float,
) -> tuple[list[Defect], Flags, Whole]:
    """Return the defects, which cells (c,) are theirs, and the cells (k,) of regions too shallow or too flat for one: these are worn."""
    defective = np.zeros(len(cells), dtype=np.bool_)
    defects: list[Defect] = []
    shallow: list[Whole] = [_NONE]
    for number, region in enumerate(regions):
        if np.sign(region.depth_mm) * float(np.median(scan.mean[region.cells])) < least_mm / 4 and not region.crack:
            continue  # what wear around it left does not stand out of the part, nor is sound surface among stray points a dent
        around = np.unique(np.concatenate([cells.near.of(int(cell)) for cell in region.cells]))
        if region.crack:
            defect, own = _crack(cells, scan, field, region, noise), around
        else:
            fitted = number < _MOST_FITTED
            defect, own = _dent(cells, scan, field, region, around, noise, reference_mm, fitted=fitted)
        deep = defect.depth_mm.high >= tolerance_mm and defect.depth_mm.value >= _LEAST_SHARE * tolerance_mm
        wide = defect.area_mm2.value > _FITTED_AREA_MM2 and defect.depth_mm.value < _MOST_HOLLOW_MM
        if deep and not (defect.kind == "dent" and (wide or _flat(cells, scan, field, region))):
            defects.append(defect)
            defective[own] = True
        elif region.depth_mm < 0 and not region.crack:
            shallow.append(region.cells)
    return defects, defective, np.concatenate(shallow)


def _flat(cells: SurfaceCells, scan: Gathered, field: WearField, region: Region) -> bool:
    """Return whether a region is as deep nearly all over: a dent is a bowl; wear that ends in a step is flat."""
    under = (field.level - scan.mean)[region.cells]
    return bool(
        cells.area[region.cells].sum() > _LEAST_FLAT_MM2
        and np.median(under) > _FLAT * np.quantile(under, 0.9)
        and np.median(under) < _MOST_HOLLOW_MM
    )


def _hollow(cells: SurfaceCells, scan: Gathered, regions: list[Region]) -> Whole:
    """Return the cells of what is too wide and too shallow for dents: wear that is narrower than most."""
    wide = [
        np.unique(np.concatenate([cells.near.of(cell) for cell in one.cells.tolist()]))
        for one in regions
        if not one.crack
        and one.depth_mm < 0
        and np.median(scan.mean[one.cells]) > -_MOST_HOLLOW_MM
        and cells.area[one.cells].sum() > _FITTED_AREA_MM2
    ]
    return np.concatenate([_NONE, *wide])


def _dent(
    cells: SurfaceCells,
    scan: Gathered,
    field: WearField,
    region: Region,
    around: Whole,
    noise: float,
    reference_mm: float,
    *,
    fitted: bool,
) -> tuple[Defect, Whole]:
    """Return a dent or excess and the cells that are its own: those of its profile where one fits, else all around it."""
    area = float(cells.area[region.cells].sum())
    residual = np.where(scan.count > 0, scan.mean - field.level, 0.0)
    count = np.maximum(scan.count, 1.0)
    profile, held = None, around
    if fitted and area < _FITTED_AREA_MM2 and abs(region.depth_mm) < MOST_WEAR_MM:
        profile, held = _profile(cells, scan, field, region, around, noise)
    if profile is None:
        shown = region.cells[scan.count[region.cells] > 0]
        depth = float(np.quantile(np.abs(residual[shown]), 0.98))
        spread = float(np.std(residual[shown]) / np.sqrt(len(shown)))
    else:
        depth, spread = abs(profile.depth), profile.deviation
        area = float(np.pi * profile.half_width**2)
    deviation = float(np.sqrt(spread**2 + reference_mm**2 + field.deviation_mm**2))
    volume = float(abs(np.sum(residual[around] * cells.area[around])))
    own = float(np.sqrt(np.sum((cells.area[around] * noise) ** 2 / count[around])))
    uneven = field.deviation_mm * float(cells.area[around].sum())
    if profile is not None and abs(volume - profile.volume) < 0.3 * volume:
        uneven = float(np.hypot(uneven, (volume - profile.volume) / 2))
        volume = profile.volume
    said = Defect(
        _kind(cells, scan, region, depth),
        _place(cells, region),
        Figure(depth, 2 * deviation),
        Figure(area, 2 * cells.edge_mm * float(np.sqrt(np.pi * area)) / 2),
        Figure(volume, 2 * float(np.hypot(own, uneven))),
    )
    return said, held


def _profile(
    cells: SurfaceCells, scan: Gathered, field: WearField, region: Region, around: Whole, noise: float
) -> tuple[Profile | None, Whole]:
    cell, places, distances = scan.members(around)
    normal = cells.planes[region.peak, 3:]
    across = np.linalg.svd(normal[None])[2][1:]
    weight = cells.area[region.cells]
    middle = weight @ cells.planes[region.cells, :3] / weight.sum()
    plane = (places - middle) @ across.T
    heights = distances - field.level[cell]
    half_width = 1.5 * float(np.sqrt(weight.sum() / np.pi))
    profile = fit_profile(plane, heights, region.depth_mm, half_width, noise)
    if profile is None:
        return None, around
    return profile, around[profile.holds((cells.planes[around, :3] - middle) @ across.T, _OWN)]


def _kind(cells: SurfaceCells, scan: Gathered, region: Region, depth: float) -> DefectKind:
    """Return what a region is by its sign and depth, and by whether cells that nobody saw stand beside deep ones."""
    if region.depth_mm > 0:
        return "excess"
    if depth < _MISSING_MM:
        return "dent"
    wide = float(cells.area[region.cells].sum()) > _FITTED_AREA_MM2 / 3
    unseen = any((scan.count[cells.touching.of(int(cell))] == 0).any() for cell in region.cells)
    return "missing" if wide or unseen else "dent"


def _crack(cells: SurfaceCells, scan: Gathered, field: WearField, region: Region, noise: float) -> Defect:
    """Return a crack's figures from the points that lie in it: the deepest tell its depth, their share its width."""
    beyond = 3 * noise
    unders: list[Real] = []
    area = volume = 0.0
    for cell in region.cells.tolist():
        own = scan.values[scan.first[cell] : scan.first[cell + 1]]
        under = field.level[cell] - own
        low = under[under > beyond]
        area += float(cells.area[cell]) * len(low) / len(own)
        volume += float(cells.area[cell]) * float(low.sum()) / len(own)
        unders.append(low)
    depths = np.concatenate(unders)
    depth = float(np.quantile(depths, 0.95))
    few = 1 / np.sqrt(len(depths))
    return Defect(
        "crack",
        _place(cells, region),
        Figure(depth, 2 * float(np.hypot(noise, np.std(depths) * few))),
        Figure(area, 2 * area * float(few)),
        Figure(volume, 2 * volume * float(few)),
    )


def _place(cells: SurfaceCells, region: Region) -> tuple[float, float, float]:
    weight = cells.area[region.cells]
    x, y, z = (weight @ cells.planes[region.cells, :3] / weight.sum()).tolist()
    return x, y, z


def _notes(cells: SurfaceCells, scan: Gathered, least: float, unseen: float) -> tuple[str, ...]:
    notes: list[str] = []
    if cells.sharp.any():
        share = 100 * float(cells.area[cells.sharp].sum() / cells.area.sum())
        notes.append(
            f"Beside sharp edges ({share:.1f} % of the surface) scanners err: a defect that lies there alone is told "
            f"from {SHARP_DEPTH * least:.2f} mm."
        )
    if unseen > _OFF_SHARE:
        notes.append(f"{100 * unseen:.1f} % of the worn area was not seen; wear there is taken from beside it.")
    if scan.lost > _OFF_SHARE * (scan.lost + len(scan.order)):
        notes.append(f"{scan.lost} points lie on no face of the reference and were left out.")
    if cells.edge_mm > 1.5:  # noqa: PLR2004
        notes.append(f"The part is large: dents narrower than {4 * cells.edge_mm:.0f} mm may be missed.")
    return tuple(notes)
