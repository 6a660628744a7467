"""The pose of a scan from nowhere: like pairs of points propose motions, a distance field judges them, Gauss–Newton refines the best.

Then every motion that nearly maps the part onto itself is tried after the best poses, and exact distances decide between what is left:
a part that is nearly symmetric (crankshaft, camshaft, drum) has as many wrong poses that fit almost as well.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.align import distinct, moved_by, solved, turned
from vehiclenest.loop.inspect.coarse import CoarseField, Surface
from vehiclenest.loop.inspect.descriptor import Descriptor, Facets, Tree, facets
from vehiclenest.loop.inspect.judge import CORES, Judge
from vehiclenest.loop.inspect.mesh import Mesh, Points, move
from vehiclenest.loop.inspect.pairs import keys_of, proposed
from vehiclenest.loop.inspect.symmetry import Symmetry, about, rotations, symmetries, undone

Real = NDArray[np.float64]
LEAST_POINTS = 300
_WIDE, _MIDDLE, _NARROW = 0.05, 0.015, 0.003  # clips of distances, of the diagonal
_PROBE, _SLACK = 48, 1.7
_PROPOSALS, _PAIRS, _RARE = 60_000, 4_000, 30
_JUDGED, _FIRST, _SECOND, _THIRD, _LAST = 6_000, 320, 80, 12, 8
_ALIKE = np.deg2rad([12.0, 4.0, 1.0]), (0.04, 0.01, 0.002)  # poses that count as one, by stage: rad, of the diagonal
_CLOSE = 1.5  # a pose whose cost on the coarse field is so many times the least is out
_SIFTING, _SIFTED = 2_000, 2.0  # the same by fewer points, with room for what they miss
_ALTERNATIVES = 3  # poses after which near symmetries are tried
_TELLS = 0.3  # a point whose clipped distances differ so much tells turns apart
_ALL_ROUND = 2_000  # rotations about the middle of the scan, proposed as well
_DECIDE, _JUDGES, CLIP_MM, _SETTLE = 4_000, 20_000, 0.3, 3
_SAME_MM = 0.05  # poses that differ less once settled are one
_CORNERS = 12  # points of the part by which two poses are held against each other
_CARRIED = 800  # points that refine a pose which was found on another part
_CLOSE_ENOUGH, _SEEN_TWICE, _KEPT = 1.3, 24, 3  # poses on it: cost over the least, how many are compared, how many are kept
_COVER = 0.02  # of the diagonal: a learnt point this close to the scan is covered


@dataclass(frozen=True)
class Learnt:
    """What is learnt of a part once: its fields, what it looks like, and the motions that map it onto itself."""

    surface: Surface
    coarse: CoarseField
    descriptor: Descriptor
    symmetry: Symmetry

    @cached_property
    def judge(self) -> Judge:
        """What tries motions of a scan on the coarse field."""
        return Judge(self.coarse, self.descriptor.points.mean(axis=0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has to be kept beside the fields."""
        kept = {f"descriptor_{name}": array for name, array in self.descriptor.arrays().items()}
        return kept | {f"symmetry_{name}": array for name, array in self.symmetry.arrays().items()}

    @staticmethod
    def stored(surface: Surface, coarse: CoarseField, arrays: Mapping[str, NDArray[Any]]) -> "Learnt":
        """Return what `arrays` gave, with the fields of the part."""
        return Learnt(surface, coarse, *Learnt.looks_stored(arrays))

    @staticmethod
    def looks_stored(arrays: Mapping[str, NDArray[Any]]) -> tuple[Descriptor, Symmetry]:
        """Return what `arrays` gave, without the fields."""
        said = {
            room: {name.removeprefix(f"{room}_"): array for name, array in arrays.items() if name.startswith(f"{room}_")}
            for room in ("descriptor", "symmetry")
        }
        return Descriptor.stored(said["descriptor"]), Symmetry.stored(said["symmetry"])


@dataclass(frozen=True)
class Start:
    """A pose (4, 4) that moves the scan into the part's frame. `score` is the greater the better, at most 1.

    `misfit_mm` is the mean of distances clipped at 0.3 mm; `coverage` is the share of the part's surface near which the scan lies.
    """

    pose: Points
    score: float
    misfit_mm: float
    coverage: float


def learn(mesh: Mesh, surface: Surface, coarse: CoarseField) -> Learnt:
    """Return what is learnt of a closed mesh; `surface` knows its exact distances, `coarse` is its coarse field."""
    return Learnt(surface, coarse, Descriptor.of(mesh), symmetries(mesh, coarse, surface))


def find_pose(points: NDArray[np.float64] | NDArray[np.float32], learnt: Learnt) -> list[Start]:
    """Return poses of a scan (n, 3) in mm that shows half of the part or more, best first; exactly symmetric poses are one.

    Raises
    ------
    InputError
        Where the scan holds too few points.
    """
    if len(points) < LEAST_POINTS:
        raise InputError(f"the scan holds {len(points)} points", expected=f"at least {LEAST_POINTS}")
    scan = facets(points, learnt.descriptor.diagonal_mm)
    return _decided(searched(scan, learnt, _PROPOSALS), scan, learnt)


def searched(scan: Facets, learnt: Learnt, proposals: int, *, near: bool = True) -> Points:
    """Return the poses (m, 4, 4) that fit best on the coarse field, refined, best first; `near` symmetries are tried after them."""
    judge = learnt.judge
    size = learnt.descriptor.diagonal_mm
    wide, middle, narrow = _WIDE * size, _MIDDLE * size, _NARROW * size
    centre = scan.even.mean(axis=0)
    (first, second, third), shifts = _ALIKE
    poses, fits = _proposals(scan, learnt, wide, proposals)
    poses = judge.ranked(poses[np.argsort(fits, kind="stable")[:_JUDGED]], scan.even[: 3 * _PROBE], wide)
    poses = poses[distinct(poses, centre, first, shifts[0] * size, _FIRST)]
    poses = judge.refined(poses, scan.even[:200], np.geomspace(wide, middle, 7))
    poses = judge.ranked(poses, scan.even[:400], middle)
    poses = poses[distinct(poses, centre, second, shifts[1] * size, _SECOND)]
    poses = judge.refined(poses, scan.even[:800], np.geomspace(middle, narrow, 5))
    poses = judge.ranked(poses, scan.even[:2000], 2 * narrow)
    poses = poses[distinct(poses, centre, third, shifts[2] * size, _THIRD)]
    if near:
        poses = np.concatenate([poses, alternatives(poses[:_ALTERNATIVES], scan, learnt, _FINELY)])
    fits = judge.costs(poses, some(scan.cloud, _SIFTING), narrow)
    poses = poses[fits <= _SIFTED * fits.min()]
    fits = judge.costs(poses, some(scan.cloud, _JUDGES), narrow)
    order = np.argsort(fits, kind="stable")
    poses = poses[order[fits[order] <= _CLOSE * fits[order[0]]]]
    poses = poses[distinct(poses, centre, third, shifts[2] * size, 2 * _LAST)]
    return _unlike(poses, learnt, shifts[2] * size)[:_LAST]


def carried(poses: Points, scan: Facets, learnt: Learnt) -> tuple[float, Points]:
    """Return poses (m, 4, 4) that were found on a part nearly alike, refined on this one, best first, and the cost of the best.

    The cost is the mean distance on the coarse field, clipped at 0.6 % of the diagonal, in mm.
    """
    judge, size = learnt.judge, learnt.descriptor.diagonal_mm
    poses = judge.refined(poses, scan.even[:_CARRIED], np.geomspace(_MIDDLE * size, _NARROW * size, 4))
    fits = judge.costs(poses, scan.even, 2 * _NARROW * size)
    order = np.argsort(fits, kind="stable")
    return float(fits[order[0]]), poses[order]


def best_near(poses: Points, scan: Facets, learnt: Learnt) -> tuple[float, Points]:
    """Return the best of poses (m, 4, 4), best first, and of what near symmetry makes of the first; and the cost of the best.

    They are as many as fit about as well and differ, three at most; the cost is clipped at 0.3 % of the diagonal, in mm.
    """
    size = learnt.descriptor.diagonal_mm
    poses = np.concatenate([poses, alternatives(poses[:1], scan, learnt, _QUICKLY)])
    fits = learnt.judge.costs(poses, scan.cloud, _NARROW * size)
    order = np.argsort(fits, kind="stable")
    close = order[fits[order] <= _CLOSE_ENOUGH * fits[order[0]]][:_SEEN_TWICE]
    return float(fits[order[0]]), _unlike(poses[close], learnt, _ALIKE[1][2] * size)[:_KEPT]


def _unlike(poses: Points, learnt: Learnt, shift: float) -> Points:
    """Return the poses that differ from all before, also after an exact symmetry, by a shift in mm."""
    points = learnt.descriptor.points[:_CORNERS]
    kept: list[Points] = []
    for row in range(len(poses)):
        if all(learnt.symmetry.difference_mm(poses[row], other, points) > shift for other in kept):
            kept.append(poses[row])
    return np.stack(kept)


def some(points: Points, most: int) -> Points:
    """Return no more points than that, from all over the scan."""
    return np.ascontiguousarray(points[:: max(1, -(-len(points) // most))])


def alternatives(poses: Points, scan: Facets, learnt: Learnt, sweep: "_Sweep") -> Points:
    """Return what near symmetry makes of the best poses, refined: each motion that nearly fits, and the best turns about an axis."""
    symmetry, judge = learnt.symmetry, learnt.judge
    narrow = _NARROW * learnt.descriptor.diagonal_mm
    others = (symmetry.near @ poses[:, None]).reshape(-1, 4, 4)
    others = judge.refined(others, scan.even[: sweep.few], np.full(2, 3 * narrow))
    if symmetry.near_axis is None:
        return others
    point, way = symmetry.near_axis
    turns = about(point, np.stack([turned(way * angle) for angle in np.arange(sweep.turns) * (2 * np.pi / sweep.turns)]))
    best = judge.ranked(np.concatenate([poses, others]), scan.even[:2000], 2 * narrow)
    kinds = best[_kinds(best, way)]
    chosen = [_swept(turns @ pose, scan, judge, narrow, sweep) for pose in kinds]
    chosen = judge.refined(np.concatenate(chosen), scan.even[: sweep.many], np.full(3, narrow))
    return np.concatenate([others, chosen])


@dataclass(frozen=True)
class _Sweep:
    """How closely turns about a near axis are tried: turns, those of them that tell points apart, points that judge; turns refined, kept.

    `few` points refine near symmetries, `many` the turns that are kept.
    """

    turns: int
    glances: int
    points: int
    dips: int
    deepest: int
    few: int
    many: int


_FINELY = _Sweep(720, 72, 3_000, 48, 8, 600, 4_000)
_QUICKLY = _Sweep(360, 24, 1_000, 16, 3, 300, 1_000)


def _swept(turns: Points, scan: Facets, judge: Judge, narrow: float, sweep: _Sweep) -> Points:
    """Return the turns that fit best among their neighbours, by the points that do not fit equally well at any turn."""
    cloud = some(scan.cloud, _JUDGES)
    least, most = judge.spread(turns[:: sweep.turns // sweep.glances], cloud, narrow)
    telling = cloud[most - least > _TELLS * narrow]
    telling = some(telling if len(telling) > LEAST_POINTS else cloud, sweep.points)
    fits = judge.costs(turns, telling, narrow)
    low = np.flatnonzero((fits <= np.roll(fits, 1)) & (fits <= np.roll(fits, -1)))
    low = low[np.argsort(fits[low], kind="stable")[: sweep.dips]]
    poses = judge.refined(turns[low], some(telling, sweep.points // 3), np.full(3, 2 * narrow))
    return judge.ranked(poses, telling, narrow)[: sweep.deepest]


def _kinds(poses: Points, way: Points) -> NDArray[np.int64]:
    """Return the numbers of the first two poses that differ by more than a turn about an axis (3,) of the part."""
    images = poses[:, :3, :3].transpose(0, 2, 1) @ way
    others = np.flatnonzero(images @ images[0] < np.cos(np.deg2rad(5.0)))
    return np.concatenate([[0], others[:1]]).astype(np.int64)


def _proposals(scan: Facets, learnt: Learnt, wide: float, most: int) -> tuple[Points, Real]:
    """Return the motions that like pairs propose and their cost; pairs that are rare in the part come first."""
    part = learnt.descriptor
    starts, pairs = part.pairs
    chance = np.random.default_rng(19)
    count = len(scan.points)
    ones, others = chance.integers(max(count, 1), size=(2, 10 * _PAIRS if count else 0))
    keys = keys_of(scan.points, scan.normals, ones, others)
    known = np.where(keys >= 0, starts[keys + 1] - starts[keys], 0)
    chosen = np.flatnonzero(known > 0)[: 4 * _PAIRS]
    chosen = chosen[np.argsort(np.maximum(known[chosen], _RARE), kind="stable")[:_PAIRS]]

    def share(rows: NDArray[np.int64]) -> tuple[Points, Real]:
        return proposed(
            part.points, part.normals, starts, pairs, scan.points, scan.normals, ones[rows], others[rows], keys[rows],
            *learnt.judge.grid, scan.even[:_PROBE], wide, _SLACK, most // CORES,
        )  # fmt: skip

    with ThreadPoolExecutor(CORES) as workers:
        found = list(workers.map(share, [chosen[start::CORES] for start in range(CORES)]))
    round_about = about(scan.even.mean(axis=0), rotations(_ALL_ROUND))
    round_about[:, :3, 3] += part.points.mean(axis=0) - scan.even.mean(axis=0)
    last_fits = learnt.judge.costs(round_about, scan.even[:_PROBE], wide)
    return np.concatenate([*(poses for poses, _ in found), round_about]), np.concatenate(
        [*(fits for _, fits in found), last_fits]
    )


def _decided(poses: Points, scan: Facets, learnt: Learnt) -> list[Start]:
    """Return the poses as starts, refined on exact distances and judged by them."""
    judge = learnt.judge
    near = 3 * _NARROW * learnt.descriptor.diagonal_mm
    points, judges = (
        given[judge.spread(poses, given, 2 * near)[0] < near] for given in (some(scan.even, _DECIDE), some(scan.cloud, _JUDGES))
    )  # what is far from the surface in all of them tells nothing, and costs much
    refined = np.stack([settled(pose, points, learnt) for pose in poses])
    seen = Tree(some(scan.even, _DECIDE))
    starts = [_start(pose, judges, scan, seen, learnt) for pose in _unlike(refined, learnt, _SAME_MM)]
    return sorted(starts, key=lambda start: -start.score)


def settled(pose: Points, points: Points, learnt: Learnt) -> Points:
    """Return a pose refined on exact distances with a kernel that narrows."""
    middle = learnt.judge.middle
    for width in np.geomspace(2 * _NARROW * learnt.descriptor.diagonal_mm, 3 * CLIP_MM, _SETTLE):
        there = move(pose, points)
        away, slope = learnt.surface.nearest(there)
        weight = np.clip(1 - (away / width) ** 2, 0, None) ** 2
        rows = np.concatenate([np.cross(there - middle, slope), slope], axis=1)
        pose = moved_by(pose, solved((rows * weight[:, None]).T @ rows, -(rows.T @ (weight * away))), middle)
    return pose


def _start(pose: Points, judges: Points, scan: Facets, seen: Any, learnt: Learnt) -> Start:
    """Return a pose with its figures; points of the scan that are no judges count as far off, `seen` is a tree of its points."""
    part = learnt.descriptor
    total = len(some(scan.cloud, _JUDGES))
    clipped = np.minimum(np.abs(learnt.surface.distance(move(pose, judges))), CLIP_MM)
    misfit = float(clipped.sum() + (total - len(judges)) * CLIP_MM) / total
    away, _ = seen.query(move(undone(pose[None])[0], part.points), distance_upper_bound=_COVER * part.diagonal_mm)
    return Start(pose, 1 - misfit / CLIP_MM, misfit, float(np.isfinite(away).mean()))
