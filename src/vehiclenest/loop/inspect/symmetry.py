"""Motions that map a part onto itself, exactly or nearly: found by trying every rotation about its middle on a distance field.

Rotations are spread evenly (super-Fibonacci spirals, Alexa, CVPR 2022), with fine turns about the principal axes beside them; the
best are refined and measured on the triangles. What nearly fits is kept: a search for a pose has to try it as an alternative.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.align import all_refined, costs, distinct, moved_by, turned
from vehiclenest.loop.inspect.coarse import CoarseField, Surface
from vehiclenest.loop.inspect.mesh import Mesh, Points, move
from vehiclenest.loop.inspect.samples import Samples

Grid = tuple[NDArray[np.float32], Points, float]
EXACT_MM = 0.1  # what scanners of σ 0.02 mm cannot tell from nothing, at the most distant point
_ROTATIONS = 30_000  # about 8° between neighbours
_TURNS = 1440  # of a full turn about each principal axis
_WIDTH, _NARROW = 0.04, 0.004  # of the diagonal
_TRIED, _NEAR = 150, 96
_NEARLY = 0.3  # mean of the clipped distance over its clip, at most
_FEW, _REFINED, _SOME, _MANY = 300, 600, 3_000, 40_000
_WORTH_MM, _PASSES = 0.5, 4
_GLANCED, _LOOSE = 200, 1e-8  # points that tell most misfits; least over greatest eigenvalue
_ALIKE = 2.0  # degrees
_NEAR_TURNS, _NEAR_AXIS = 41, 0.12  # turns probed; mean of the clipped distance over its clip, at most
_PROBES = (0.1, 0.7, 1.3, 2.1, 2.9)  # rad: no two share a period


@dataclass(frozen=True)
class Symmetry:
    """What maps a part onto itself, as motions (4, 4) in its own frame.

    `rotations` (k, 4, 4) are exact, the identity first; with an `axis` (point (3,), direction (3,)) any turn about it is as well, and
    `rotations` holds one of each kind modulo such turns. `near` (m, 4, 4) leave `near_mm` (m,) of clipped mean distance, least first.
    About a `near_axis` any turn nearly fits (a disc but for its holes): `near` then holds one of each kind modulo such turns.
    """

    rotations: Points
    axis: tuple[Points, Points] | None
    near_axis: tuple[Points, Points] | None
    near: Points
    near_mm: NDArray[np.float64]

    def difference_mm(self, found: Points, truth: Points, points: Points) -> float:
        """Return by how much two poses of a scan differ at most at the reference's points (n, 3), modulo exact symmetry, in mm."""
        apart = undone(self.rotations) @ (found @ undone(truth[None])[0])
        if self.axis is not None:
            apart = np.stack([_unwound(left, *self.axis) for left in apart])
        ways = np.einsum("kij,nj->kni", apart[:, :3, :3], points) + apart[:, None, :3, 3] - points
        return float(np.sqrt((ways**2).sum(axis=2).max(axis=1).min()))

    def alike(self, pose: Points) -> tuple[Points, ...]:
        """Return the other poses (4, 4) of a scan that fit exactly as well as one, but for turns about an axis."""
        return tuple(motion @ pose for motion in self.rotations[1:])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has to be kept."""
        return {
            "rotations": self.rotations,
            "axis": _rows(self.axis),
            "near_axis": _rows(self.near_axis),
            "near": self.near,
            "near_mm": self.near_mm,
        }

    @staticmethod
    def stored(arrays: Mapping[str, NDArray[Any]]) -> "Symmetry":
        """Return what `arrays` gave."""
        lines = [None if len(rows) == 0 else (rows[0], rows[1]) for rows in (arrays["axis"], arrays["near_axis"])]
        return Symmetry(arrays["rotations"], lines[0], lines[1], arrays["near"], arrays["near_mm"])


def undone(motions: Points) -> Points:
    """Return the motion (m, 4, 4) that undoes each of some (m, 4, 4)."""
    out = np.tile(np.eye(4), (len(motions), 1, 1))
    out[:, :3, :3] = motions[:, :3, :3].transpose(0, 2, 1)
    out[:, :3, 3] = -np.einsum("nji,nj->ni", motions[:, :3, :3], motions[:, :3, 3])
    return out


def _rows(line: tuple[Points, Points] | None) -> Points:
    """Return a line as rows (2, 3), no line as none."""
    return np.empty((0, 3)) if line is None else np.stack(line)


def symmetries(mesh: Mesh, coarse: CoarseField, surface: Surface) -> Symmetry:
    """Return the motions that map a closed mesh onto itself, with those that nearly do; `coarse` and `surface` are its fields."""
    dense = Samples.of(mesh, _MANY).points
    middle, spread = _moments(mesh)
    diagonal = mesh.diagonal_mm
    few, some = Samples.of(mesh, _FEW, seed=1).points, Samples.of(mesh, _SOME, seed=2).points
    grid = coarse.values, coarse.origin, coarse.step
    width = _WIDTH * diagonal
    axes = np.ascontiguousarray(np.linalg.eigh(spread)[1].T)
    axis = next((way for way in axes if _is_axis(surface, some, dense, middle, way)), None)
    near_axis = None if axis is not None else next((way for way in axes if _is_near(grid, some, middle, way, width)), None)
    tried = np.concatenate([_best(grid, turns, middle, few, width) for turns in _candidates(axes)])
    widths = np.concatenate([np.full(10, width), np.geomspace(width, _NARROW * diagonal, 8)])  # at rest before the kernel narrows
    poses = all_refined(*grid, tried, some[:_REFINED], middle, widths)
    poses = _least(grid, poses, some, middle, width, axis)[1:]
    settled = np.array([_settled(pose, surface, some, middle) for pose in poses]).reshape(-1, 4, 4)
    settled = _least(grid, settled, some, middle, width, axis)
    exact = np.array([_fits(surface, some, dense, motion) for motion in settled], dtype=np.bool_)
    near = _least(grid, settled[~exact], some, middle, width, near_axis)[1:]
    return Symmetry(settled[exact], _line(middle, axis), _line(middle, near_axis), near, costs(*grid, near, some, width))


def _line(point: Points, way: Points | None) -> tuple[Points, Points] | None:
    return None if way is None else (point, way)


def _least(grid: Grid, poses: Points, some: Points, middle: Points, width: float, axis: Points | None) -> Points:
    """Return the identity and those of the motions that fit, best first, no two alike (modulo turns about an axis)."""
    fits = costs(*grid, poses, some, width)
    order = np.argsort(fits, kind="stable")
    poses = np.concatenate([np.eye(4)[None], poses[order[fits[order] < _NEARLY * width]]])
    if axis is not None:
        poses = poses[_one_of_a_kind(poses, axis)]
    return poses[distinct(poses, middle, np.deg2rad(_ALIKE), 0.01 * width / _WIDTH, _NEAR + 1)]


def _moments(mesh: Mesh) -> tuple[Points, Points]:
    """Return the middle (3,) of the surface and its second moments (3, 3) about it, in mm² of its area."""
    shares = mesh.areas_mm2 / mesh.area_mm2
    middle = shares @ mesh.corners.mean(axis=1)
    ways = mesh.corners - middle
    sums = ways.sum(axis=1)
    weighted = np.einsum("t,tci,tcj->ij", shares, ways, ways) + np.einsum("t,ti,tj->ij", shares, sums, sums)
    return middle, weighted / 12


def _settled(motion: Points, surface: Surface, probe: Points, middle: Points) -> Points:
    """Return a motion that may be exact, refined on the triangles by least squares about the middle."""
    for points, worth in ((probe[:_GLANCED], 2 * _WORTH_MM), (probe, _WORTH_MM)):
        if np.quantile(np.abs(surface.distance(move(motion, points))), 0.9) > worth:
            return motion
    for _ in range(_PASSES):
        there = move(motion, probe)
        away, outward = surface.nearest(there)
        close = np.abs(away) <= 2 * _WORTH_MM
        rows = np.concatenate([np.cross(there - middle, outward), outward], axis=1)[close]
        strength, ways = np.linalg.eigh(rows.T @ rows)
        fixed = strength > _LOOSE * strength[-1]  # other ways the surface leaves open
        small = ways[:, fixed] @ ((ways[:, fixed].T @ (rows.T @ -away[close])) / strength[fixed])
        motion = moved_by(motion, small, middle)
    return motion


def _fits(surface: Surface, probe: Points, dense: Points, motion: Points) -> bool:
    """Whether a motion leaves the surface where it is."""
    return all(
        float(np.abs(surface.distance(move(motion, points))).max()) <= EXACT_MM for points in (probe[:_GLANCED], probe, dense)
    )


def _is_axis(surface: Surface, probe: Points, dense: Points, middle: Points, way: Points) -> bool:
    """Whether the surface stays where it is under any turn about an axis through its middle."""
    return all(_fits(surface, probe, dense, turn) for turn in about(middle, np.stack([turned(way * angle) for angle in _PROBES])))


def _is_near(grid: Grid, probe: Points, middle: Points, way: Points, width: float) -> bool:
    """Whether any turn about an axis nearly fits."""
    turns = about(middle, np.stack([turned(way * angle) for angle in np.linspace(0.05, 2 * np.pi, _NEAR_TURNS)]))
    return float(costs(*grid, turns, probe, width).max()) <= _NEAR_AXIS * width


def about(middle: Points, rotations: Points) -> Points:
    """Return the motions (m, 4, 4) of rotations (m, 3, 3) about a point (3,)."""
    out = np.tile(np.eye(4), (len(rotations), 1, 1))
    out[:, :3, :3] = rotations
    out[:, :3, 3] = middle - rotations @ middle
    return out


def rotations(count: int) -> Points:
    """Return rotations (count, 3, 3) spread evenly over all of them."""
    place = np.arange(count) + 0.5
    share = place / count
    first, second = 2 * np.pi * place / np.sqrt(2), 2 * np.pi * place / 1.533751168755204288118041
    low, high = np.sqrt(share), np.sqrt(1 - share)
    x, y, z, w = low * np.sin(first), low * np.cos(first), high * np.sin(second), high * np.cos(second)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.ascontiguousarray(np.moveaxis(np.array(rows), 2, 0))


def _candidates(axes: Points) -> list[Points]:
    """Return families of rotations (m, 3, 3) to try: all round, turns about each axis, half turns about the ways across each."""
    angles = np.arange(1, _TURNS) * (2 * np.pi / _TURNS)
    families = [rotations(_ROTATIONS)]
    families += [np.stack([turned(way * angle) for angle in angles]) for way in axes]
    for a, b in ((0, 1), (1, 2), (0, 2)):
        ways = [np.cos(angle) * axes[a] + np.sin(angle) * axes[b] for angle in angles[::2] / 2]
        families.append(np.stack([turned(way * np.pi) for way in ways]))
    return families


def _best(grid: Grid, turns: Points, middle: Points, few: Points, width: float) -> Points:
    """Return the motions (m, 4, 4) of a family that fit best, no two of them alike."""
    poses = about(middle, turns)
    poses = poses[np.trace(poses[:, :3, :3], axis1=1, axis2=2) < 1 + 2 * np.cos(np.deg2rad(2.5))]
    fits = costs(*grid, poses, few, width)
    order = np.argsort(fits, kind="stable")[: 10 * _TRIED]
    return poses[order][distinct(poses[order], middle, np.deg2rad(2.0), np.inf, _TRIED)]


def _one_of_a_kind(motions: Points, axis: Points) -> NDArray[np.int64]:
    """Return the indices of motions (m, 4, 4) that are not one before followed by a turn about the axis (3,)."""
    kept: list[int] = []
    for row, motion in enumerate(motions):
        image = motion[:3, :3] @ axis
        if all(float(motions[other][:3, :3] @ axis @ image) < np.cos(np.deg2rad(2.0)) for other in kept):
            kept.append(row)
    return np.array(kept, dtype=np.int64)


def _unwound(motion: Points, point: Points, way: Points) -> Points:
    """Return a motion followed by the turn about an axis that brings it closest to rest."""
    across = np.linalg.svd(way[None])[2][1:]
    turn = across @ motion[:3, :3] @ across.T
    angle = np.arctan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])
    back = turned(-angle * np.cross(across[0], across[1]))
    return about(point, back[None])[0] @ motion
