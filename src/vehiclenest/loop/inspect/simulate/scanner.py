"""A simulated structured-light scanner: a camera and a projector look at a part from many sides; what both see is measured.

Model: pinholes without distortion; a point is measured where a pixel's ray meets the surface, if the projector reaches it too and
neither looks on it too flatly. Noise runs along the ray and grows as one over the cosine, so that across the surface it is the same
everywhere; beside steps in depth some pixels mix near and far; a few points lie anywhere along their ray. Not simulated: gloss, stray
light, fringe order errors, lens distortion, errors of joining the views. The sizes of noise, mixing and outliers are set by hand [U].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.simulate.raster import buffers, met, seen, steps

Real = NDArray[np.float64]
Displacement = Callable[[Real, Real], Real]
_DISTANCE = 3.0  # of the part's diagonal, from its middle to the camera
_FIRST_SIZE = 160  # pixels of the first look, which tells how many a scan needs
_LARGEST_SIZE = 8_000
_PROJECTOR = 1.5  # pixels of the projector's buffer to one of the camera's
_STEP_MM = 1.0  # in depth, from which pixels mix
_MIXED_MM = 1.0  # most that mixing moves a point
_SAMPLES = 20_000


@dataclass(frozen=True, slots=True)
class Optics:
    """What the scanner does: `noise_mm` is the standard deviation across the surface, `parallax_deg` the angle between the two pinholes.

    `steepest` is the least cosine on which a face is seen, `mixed` the share of the pixels beside a step that err, `outliers` the share of
    points that lie up to `astray_mm` off along their ray.
    """

    points: int = 2_000_000
    noise_mm: float = 0.02
    parallax_deg: float = 20.0
    steepest: float = 0.2
    mixed: float = 0.3
    outliers: float = 5e-4
    astray_mm: float = 5.0


@dataclass(frozen=True, slots=True)
class Scan:
    """A simulated scan: `points` (n, 3) in the scanner's frame, mm, view by view, row by row; `pose` (4, 4) moves them into the part's.

    `displacement` (n,) is what damage moved each point along the outward normal, in mm, before noise; `view` (n,) numbers its view;
    `coverage` is the share of the sound part's surface that was seen.
    """

    points: NDArray[np.float32]
    pose: Real
    displacement: NDArray[np.float32]
    view: NDArray[np.int16]
    coverage: float


@dataclass(frozen=True)
class _Pinhole:
    """A place (3,), axes right, down and ahead (3, 3), and the focal length in pixels of an image `size` wide."""

    place: Real
    axes: Real
    focal: float
    size: int
    nearness: Real = field(default_factory=lambda: np.zeros((0, 0)))
    first: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int32))


def turntable(count: int = 8, elevations_deg: Sequence[float] = (35.0, -35.0)) -> Real:
    """Return unit directions (k, 3) from a part to the camera: evenly around z at each elevation."""
    turns = np.arange(count) * 2 * np.pi / count
    rows = [
        np.column_stack([np.cos(up) * np.cos(turns + shift), np.cos(up) * np.sin(turns + shift), np.full(count, np.sin(up))])
        for up, shift in ((np.deg2rad(angle), number * np.pi / count) for number, angle in enumerate(elevations_deg))
    ]
    return np.concatenate(rows)


def views_for(mesh: Mesh, least_coverage: float, seed: int, optics: Optics | None = None) -> Real:
    """Return directions (k, 3) on one side of a part, which alone show at least that share of its surface, as few as it takes.

    Raises
    ------
    InputError
        Where no number of views shows so much.
    """
    optics = optics or Optics()
    chance = np.random.default_rng(seed)
    some = chance.normal(size=3)
    turns = np.arange(24) + 0.5
    height, angle = 1 - turns / 12, np.pi * (1 + 5**0.5) * turns
    ring = np.sqrt(1 - height**2)
    every = np.column_stack([ring * np.cos(angle), ring * np.sin(angle), height])
    every = every[np.argsort(-(every @ some))]
    samples = Samples.of(mesh, _SAMPLES // 4)
    known = np.zeros(len(samples.points), dtype=np.bool_)
    for count in range(1, len(every) + 1):
        known |= _shown(mesh, every[count - 1], samples, optics)
        if known.mean() >= least_coverage:
            return every[:count]
    raise InputError(f"{100 * known.mean():.0f} % of the part can be seen at all", expected="a smaller share")


def any_motion(seed: int, reach_mm: float = 300.0) -> Real:
    """Return a random motion (4, 4): any rotation, and up to `reach_mm` along each axis."""
    chance = np.random.default_rng(seed)
    return _motion(Rotation.random(random_state=chance), chance.uniform(-reach_mm, reach_mm, 3))


def fixture_motion(seed: int, most_mm: float = 5.0, most_deg: float = 3.0) -> Real:
    """Return a random motion (4, 4) as a fixture leaves it."""
    chance = np.random.default_rng(seed)
    axis = chance.normal(size=3)
    turn = Rotation.from_rotvec(np.deg2rad(chance.uniform(0, most_deg)) * axis / np.linalg.norm(axis))
    return _motion(turn, chance.uniform(-most_mm, most_mm, 3))


def _motion(turn: Rotation, shift: Real) -> Real:
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = turn.as_matrix(), shift
    return made


def scan(
    mesh: Mesh,
    views: Real,
    *,
    motion: Real | None = None,
    displacement: Displacement | None = None,
    optics: Optics | None = None,
    seed: int = 0,
) -> Scan:
    """Return the scan of a part, in mm.

    Parameters
    ----------
    views
        Unit directions (k, 3) from the part to the camera.
    motion
        Where the part lies (4, 4): moves it from its own frame into the scanner's; none leaves it.
    displacement
        Of points (n, 3) with unit normals (n, 3) along these, in mm (see wear_and_tear.together).

    Raises
    ------
    InputError
        Where nothing of the part is seen.
    """
    optics = optics or Optics()
    chance = np.random.default_rng(seed)
    corners, normals = np.ascontiguousarray(mesh.corners), _unit_normals(mesh)
    counted = sum(len(_taken(mesh, corners, normals, way, _FIRST_SIZE, optics)[0]) for way in views)
    if counted == 0:
        raise InputError("nothing of the part is seen", expected="a direction from which it is in sight, and a closed mesh")
    size = int(np.clip(np.ceil(_FIRST_SIZE * np.sqrt(optics.points / counted)), 8, _LARGEST_SIZE))
    rows: list[tuple[Real, Real, NDArray[np.int16]]] = []
    for number, way in enumerate(views):
        points, towards, faces, mixed = _taken(mesh, corners, normals, way, size, optics)
        moved = np.zeros(len(points)) if displacement is None else displacement(points, faces)
        cosine = -np.einsum("ij,ij->i", towards, faces)
        off = chance.normal(0, optics.noise_mm, len(points)) / cosine
        errs = (mixed != 0) & (chance.random(len(points)) < optics.mixed)
        off += np.where(errs, np.clip(mixed * chance.uniform(0, 0.5, len(points)), -_MIXED_MM, _MIXED_MM), 0.0)
        astray = chance.random(len(points)) < optics.outliers
        off += np.where(astray, chance.uniform(-optics.astray_mm, optics.astray_mm, len(points)), 0.0)
        rows.append((points + moved[:, None] * faces + off[:, None] * towards, moved, np.full(len(points), number, np.int16)))
    lies = np.eye(4) if motion is None else motion
    samples = Samples.of(mesh, _SAMPLES)
    known = np.any([_shown(mesh, way, samples, optics) for way in views], axis=0)
    return Scan(
        move(lies, np.concatenate([row[0] for row in rows])).astype(np.float32),
        np.asarray(np.linalg.inv(lies), dtype=np.float64),
        np.concatenate([row[1] for row in rows]).astype(np.float32),
        np.concatenate([row[2] for row in rows]),
        float(known.mean()),
    )


def _unit_normals(mesh: Mesh) -> Real:
    lengths = np.maximum(np.linalg.norm(mesh.doubled_normals, axis=1, keepdims=True), 1e-300)
    return np.ascontiguousarray(mesh.doubled_normals / lengths)


def _taken(mesh: Mesh, corners: Real, normals: Real, way: Real, size: int, optics: Optics) -> tuple[Real, Real, Real, Real]:
    """Return points (n, 3), rays (n, 3), normals (n, 3) and steps beside them (n,) that one view measures, without error."""
    camera, projector = _pair(mesh, corners, way, size, optics)
    points, rays, pixels, cosines = met(camera.first, corners, normals, camera.axes, camera.place, camera.focal)
    faces = normals[camera.first[pixels[:, 1], pixels[:, 0]]]
    lit = _reached(projector, points, faces, optics) & (cosines >= optics.steepest)
    beside = steps(
        camera.first, camera.nearness, pixels[lit], corners, normals, camera.axes, camera.place, camera.focal, _STEP_MM
    )
    return points[lit], rays[lit], faces[lit], beside


def _pair(mesh: Mesh, corners: Real, way: Real, size: int, optics: Optics) -> tuple[_Pinhole, _Pinhole]:
    """Return camera and projector of a view, turned against each other by half the parallax each, with what they see."""
    half = np.deg2rad(optics.parallax_deg) / 2 * _across(way)
    ways = (Rotation.from_rotvec(half).apply(way), Rotation.from_rotvec(-half).apply(way))
    camera, projector = (_pinhole(mesh, one, pixels) for one, pixels in zip(ways, (size, int(_PROJECTOR * size)), strict=True))
    return _looked(camera, corners), _looked(projector, corners)


def _pinhole(mesh: Mesh, way: Real, size: int) -> _Pinhole:
    middle = (mesh.low + mesh.high) / 2
    ahead = -way / np.linalg.norm(way)
    right = _across(ahead)
    distance = _DISTANCE * mesh.diagonal_mm
    focal = size / 2 / np.tan(np.arcsin(mesh.diagonal_mm / 2 / distance))  # all of the part is in the image
    down: Real = np.asarray(np.cross(ahead, right), dtype=np.float64)
    return _Pinhole(middle - distance * ahead, np.stack([right, down, ahead]), float(focal), size)


def _across(way: Real) -> Real:
    """Return a unit vector across another."""
    made: Real = np.asarray(np.cross(way, np.eye(3)[np.argmin(np.abs(way))]), dtype=np.float64)
    return made / np.linalg.norm(made)


def _looked(pinhole: _Pinhole, corners: Real) -> _Pinhole:
    first, nearness = buffers(corners, pinhole.axes, pinhole.place, pinhole.focal, pinhole.size)
    return _Pinhole(pinhole.place, pinhole.axes, pinhole.focal, pinhole.size, nearness, first)


def _reached(pinhole: _Pinhole, points: Real, normals: Real, optics: Optics) -> NDArray[np.bool_]:
    return seen(points, normals, pinhole.nearness, pinhole.axes, pinhole.place, pinhole.focal, optics.steepest)


def _shown(mesh: Mesh, way: Real, samples: Samples, optics: Optics) -> NDArray[np.bool_]:
    """Return which samples of the surface camera and projector of a view both see."""
    camera, projector = _pair(mesh, np.ascontiguousarray(mesh.corners), way, 3 * _FIRST_SIZE, optics)
    return _reached(camera, samples.points, samples.normals, optics) & _reached(
        projector, samples.points, samples.normals, optics
    )
