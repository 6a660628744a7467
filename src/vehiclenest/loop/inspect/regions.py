"""Defects on top of wear: matched filters find dents and spatter, chains of cells with low points find cracks.

A filter of the shape of a dent (North 1943) at two widths; its threshold leaves less than one false alarm in ten parts at the noise
there is. A region grows from each peak to a quarter of its depth.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial import cKDTree
from scipy.stats import norm

from vehiclenest.loop.inspect.cell_statistics import Gathered, low_points, matched
from vehiclenest.loop.inspect.surface_cells import NEAR_MM, SurfaceCells
from vehiclenest.loop.inspect.surface_kernels import Real, Whole
from vehiclenest.loop.inspect.wear import WearField

Flags = NDArray[np.bool_]

WIDTHS_MM = (2.0, NEAR_MM)
FALSE_PER_PART = 0.05
_MARGIN = 1.5  # deviations on top, for tails that are heavier than a normal distribution's
_SHARP_NOISE = 3.0  # noise beside sharp edges, in noises elsewhere
SHARP_DEPTH = 3.0  # what stands there alone has to be so many times deeper
_SHOULDER = 0.25
_LEAST_SUPPORT = 8  # points that lie in a defect by half of its depth or more
_MOST_SPREAD = 0.9  # of the depth: what the points of a cell may spread by; more, and they are not of one surface
_CRACK_SPREAD = 0.45  # of the depth of its cells: less, and it is a hollow
_CRACK_SUPPORT = 0.25  # of its points; fewer are points mixed at the edge of what hides the surface from one view
_CRACK_NOISES = 5.0
_CRACK_SHARE = 0.08
_CRACK_POINTS = 2
_CRACK_CELLS = 4
CRACK_LENGTH_MM = 3.0
_CRACK_WIDTH_MM = 2.5
_CRACK_ELONGATION = 3.0
_CUT_WIDTH_MM = 0.1  # of the strip between neighbours in a crack that is looked at for sound points
_CUT_ENDS = 0.15  # share of that strip's length at each end that is left out
_CUT_REACH_MM = 1.2  # how far neighbours in a crack may be from each other
_MOST_BETWEEN = 0.35  # of the sound points that would lie in those strips by chance


@dataclass(frozen=True, slots=True)
class Region:
    """Cells of one defect around its deepest, how deep the filter found it (negative: inwards), and whether it is a crack."""

    cells: Whole
    peak: int
    depth_mm: float
    crack: bool


def find_regions(cells: SurfaceCells, scan: Gathered, field: WearField, noise_mm: float, least_mm: float) -> list[Region]:
    """Return the regions that stand at least `least_mm` off the wear field and out of the noise."""
    residual = np.where(scan.count > 0, scan.mean - field.level, 0.0)
    beyond = max(_CRACK_NOISES * noise_mm, least_mm)
    lowest = replace(field, level=np.minimum(field.level, _lowest_beside(cells, field)))  # a step between levels is no crack
    cracks = [one for one in _cracks(cells, scan, lowest, beyond) if _cut(cells, scan, lowest, one, beyond)]
    cracked = np.zeros(len(cells), dtype=np.bool_)
    for crack in cracks:
        for cell in crack.cells:
            cracked[cells.touching.of(int(cell))] = True
    noises = noise_mm * np.where(cells.sharp, _SHARP_NOISE, 1.0)
    # a stray point among few makes its cell uncertain, one alone tells nothing
    variance = np.maximum(noises**2, scan.variance) / np.maximum(scan.count, 1.0) + field.deviation_mm**2
    weights = np.where((scan.count > 1) & ~cracked, 1 / variance, 0.0)
    fine, fine_spread, wide, wide_spread = matched(
        cells.near.first, cells.near.to, cells.planes, residual, weights,
        max(WIDTHS_MM[0], cells.edge_mm), max(WIDTHS_MM[1], 2 * cells.edge_mm),
    )  # fmt: skip
    clearness = np.maximum(np.abs(fine) / fine_spread, np.abs(wide) / wide_spread)
    depth = np.where(np.abs(fine) > np.abs(wide), fine, wide)
    floor = np.where(cells.sharp, SHARP_DEPTH, 1.0) * least_mm
    limit = float(norm.isf(FALSE_PER_PART / (4 * max(1, len(cells))))) + _MARGIN
    seeds = np.flatnonzero((clearness > limit) & (np.abs(depth) > 0.7 * floor) & (weights > 0))
    seeds = seeds[np.argsort(-np.abs(depth[seeds]))]
    grown = _grown(cells, seeds, depth, fine, fine_spread)
    return [*cracks, *(one for one in grown if _held(cells, scan, field, one, least_mm))]


def _lowest_beside(cells: SurfaceCells, field: WearField) -> Real:
    """Return for every cell (c,) the lowest level of its patch and those that touch it, in mm."""
    links = cells.patch_touching
    return np.minimum.reduceat(field.patch_level[links.to], links.first[:-1])[cells.patch]


def _held(cells: SurfaceCells, scan: Gathered, field: WearField, region: Region, least_mm: float) -> bool:
    """Return whether a region's points bear it out: enough lie deep, and those of a cell together; beside edges it has to be deeper."""
    if cells.sharp[region.cells].mean() > 0.5 and abs(region.depth_mm) < SHARP_DEPTH * least_mm:  # noqa: PLR2004
        return False
    support, _, spread = _borne(scan, field, region)
    return support >= _LEAST_SUPPORT and spread < _MOST_SPREAD


def _borne(scan: Gathered, field: WearField, region: Region) -> tuple[int, int, float]:
    """Return how many points lie beyond half of a region's depth, of how many, and the spread in its cells over their depth (median)."""
    support, whole = 0, 0
    spreads: list[float] = []
    for cell in region.cells.tolist():
        off = (scan.values[scan.first[cell] : scan.first[cell + 1]] - field.level[cell]) * np.sign(region.depth_mm)
        support += int(np.count_nonzero(off > abs(region.depth_mm) / 2))
        whole += len(off)
        if len(off) > 1:
            spreads.append(float(np.std(off)) / max(abs(float(scan.mean[cell] - field.level[cell])), 1e-9))
    return support, whole, float(np.median(spreads)) if spreads else np.inf


def _grown(cells: SurfaceCells, seeds: NDArray[np.int64], depth: Real, fine: Real, spread: Real) -> list[Region]:
    found: list[Region] = []
    taken = np.zeros(len(cells), dtype=np.bool_)
    for seed in seeds.tolist():
        if taken[seed]:
            continue
        sign = np.sign(depth[seed])
        least = _SHOULDER * abs(depth[seed])
        region, waiting = [seed], [seed]
        taken[seed] = True
        while waiting:
            for other in cells.touching.of(waiting.pop()).tolist():
                if not taken[other] and sign * fine[other] > max(least, 3 * spread[other]):
                    taken[other] = True
                    region.append(other)
                    waiting.append(other)
        for member in region:  # the shoulders of a dent are no defects of their own
            around = cells.near.of(member)
            taken[around[np.abs(depth[around]) < 0.5 * abs(depth[seed])]] = True
        found.append(Region(np.array(region, dtype=np.int32), seed, float(depth[seed]), crack=False))
    return found


def _cracks(cells: SurfaceCells, scan: Gathered, field: WearField, beyond_mm: float) -> list[Region]:
    """Return chains of cells in which several points, but not all, lie deep: grooves that are narrower than a cell."""
    count, depth = low_points(scan.first, scan.values, field.level, beyond_mm)
    whole = np.diff(scan.first)
    cut = (count >= _CRACK_POINTS) & (count >= _CRACK_SHARE * whole) & ~cells.sharp
    rows = np.flatnonzero(cut)
    if len(rows) == 0:
        return []
    place = np.full(len(cells), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    links = [
        (place[row], place[other]) for row in rows.tolist() for other in cells.touching.of(row).tolist() if place[other] >= 0
    ]
    ends = np.array(links)
    graph = csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    _, label = connected_components(graph, directed=False)
    found: list[Region] = []
    for one in np.flatnonzero(np.bincount(label) >= _CRACK_CELLS).tolist():
        members = rows[label == one]
        length, width = extent(cells, members)
        if length >= CRACK_LENGTH_MM and width <= _CRACK_WIDTH_MM and length >= _CRACK_ELONGATION * width:
            peak = int(members[np.argmax(depth[members])])
            region = Region(members.astype(np.int32), peak, -float(depth[peak]), crack=True)
            support, points, spread = _borne(scan, field, region)
            if spread > _CRACK_SPREAD and support >= _CRACK_SUPPORT * points:
                found.append(region)
    return found


def _cut(cells: SurfaceCells, scan: Gathered, field: WearField, region: Region, beyond_mm: float) -> bool:
    """Return whether the surface is low between the low points of a chain too, as a crack is.

    Points mixed at the horizon of one view lie among sound points of the other views. Low points are joined to a tree of least length;
    the sound points in thin strips along its branches are compared with those that chance would put there.
    """
    cell, place, distances = scan.members(region.cells)
    under = field.level[cell] - distances
    place += np.maximum(under, 0.0)[:, None] * cells.planes[cell, 3:]  # back onto the surface
    low, sound = place[under > beyond_mm], place[under < beyond_mm / 2]
    if len(low) < _CRACK_CELLS or len(sound) == 0:
        return True
    links: Any = cKDTree(low).sparse_distance_matrix(cKDTree(low), _CUT_REACH_MM)
    branches: Any = minimum_spanning_tree(links.tocsr()).tocoo()
    start, run = low[branches.row], low[branches.col] - low[branches.row]
    length = np.asarray(branches.data, dtype=np.float64)
    found = 0
    for at, along, long in zip(start, run, length, strict=True):
        off = sound - at
        share = off @ along / long**2
        aside = np.linalg.norm(off - share[:, None] * along, axis=1)
        found += int(np.count_nonzero((np.abs(share - 0.5) < 0.5 - _CUT_ENDS) & (aside < _CUT_WIDTH_MM / 2)))
    strips = float(length.sum()) * (1 - 2 * _CUT_ENDS) * _CUT_WIDTH_MM
    return found <= _MOST_BETWEEN * strips * len(sound) / float(cells.area[region.cells].sum())


def extent(cells: SurfaceCells, members: NDArray[np.int64] | Whole) -> tuple[float, float]:
    """Return how long a region is from end to end, in mm, and how wide: its area over its length."""
    places = cells.planes[members, :3]
    centred = places - places.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ axis
    length = float(np.ptp(along)) + cells.edge_mm
    return length, float(cells.area[members].sum()) / length
