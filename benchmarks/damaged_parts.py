"""Worn and dented parts with their truth, for the benchmark of damage: where dents and wear may lie, and a scan of the whole.

A dent is `clear` where the surface goes on all around it: no edge that turns by more than 37° in its rim or within a millimetre, no normal
further than 45° from its own, and 90 to 130 % of its circle is there as surface; otherwise it is told apart as one beside an edge.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import trimesh
from benchmarks.inspect_distance import NOISE_MM, in_scanner_order
from benchmarks.inspect_pose import REAL
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from tests.loop.inspect.shapes import sampled

from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.reference import Library, Part, Reference
from vehiclenest.loop.inspect.samples import Samples
from vehiclenest.loop.inspect.simulate import scanner
from vehiclenest.loop.inspect.simulate.families import build, spec
from vehiclenest.loop.inspect.simulate.wear_and_tear import SAME_SIDE, Mark, dent, together, wear, wear_round
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

Real = NDArray[np.float64]
Shape = Literal["cosine", "ball", "oval"]
SHAPES: tuple[Shape, ...] = ("cosine", "ball", "oval")
DEPTHS_MM, WIDTHS_MM, APART_MM = (0.1, 0.6), (4.0, 10.0), 16.0
WEARS_MM, LEAST_FACE_MM2, MOST_OF_SURFACE = (0.03, 0.3), 400.0, 0.3
REAL_SCALE = {"turbine blade": 5.0, "casting": 25.4}  # the files name no unit; so many mm make them 214 and 306 mm long
TRUTH_POINTS = 1_000_000
DENSITY, MOST_POINTS = 10.0, 3_000_000
SEEN_A_MM2 = 4.0  # points in each sixteenth of a dent that a scan has to have of it


@dataclass(frozen=True, slots=True)
class Dent:
    """A dent that was made: the mark itself, its profile, its greatest width in mm, its outward normal (3,), and where it lies."""

    mark: Mark
    shape: Shape
    width_mm: float
    normal: Real
    clear: bool
    worn: bool


@dataclass(frozen=True, slots=True)
class Damaged:
    """A part with its damage: dents, wear in mm³ and the marks of both."""

    dents: tuple[Dent, ...]
    wear: Mark | None
    wear_mm3: float

    @property
    def marks(self) -> list[Mark]:
        """Every mark on the part."""
        return [*(one.mark for one in self.dents), *([] if self.wear is None else [self.wear])]


@dataclass(frozen=True, slots=True)
class Scanned:
    """Points (n, 3) in the scanner's frame, the true pose (4, 4), and for each dent whether all of it was seen."""

    points: NDArray[np.float32]
    pose: Real
    seen: tuple[bool, ...]


def reference_of(name: str, library: Library | None) -> Reference:
    """Return a part of the catalogue or a real one, learnt or from the library."""
    if library is not None and _id(name) in library.parts:
        return library[_id(name)]
    if name in REAL:
        load: Any = cast("Any", trimesh).load_mesh
        loaded = load(Path(os.environ["VNEST_DATA"]) / REAL[name])
        mesh = Mesh(REAL_SCALE[name] * np.asarray(loaded.vertices, dtype=np.float64), np.asarray(loaded.faces, dtype=np.int32))
        made = Reference.learn(mesh, Part(_id(name)))
    else:
        made = Reference.learn(build(name), Part(name, spec(name).family))
    if library is not None:
        library.add(made)
    return made


def _id(name: str) -> str:
    return name.replace(" ", "-")


def damaged(reference: Reference, chance: np.random.Generator, count: int) -> Damaged:
    """Return so many dents and wear on one face of a part; fewer dents where the part has no room."""
    worn = _wear(reference.mesh, reference.cells, chance)
    volume = 0.0 if worn is None else _lost(reference.mesh, worn)
    return Damaged(_dents(reference.cells, chance, count, worn), worn, volume)


def _lost(mesh: Mesh, mark: Mark) -> float:
    """Return the volume in mm³ that a mark takes off: its mean over so many points that it is right to 0.1 %."""
    corners = mesh.corners
    middles = corners.mean(axis=1)
    size = np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1)
    near = mesh.areas_mm2 > 0
    if np.isinf(mark.reach_mm):
        near &= mark.displacement(middles, mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)) != 0
    else:
        near &= np.linalg.norm(middles - mark.centre_mm, axis=1) <= mark.reach_mm + size
    part = Mesh(mesh.vertices, mesh.triangles[near])
    on = Samples.of(part, TRUTH_POINTS)
    return -float(mark.displacement(on.points, on.normals).mean()) * part.area_mm2


def even(reference: Reference, damage: Damaged, seed: int) -> Scanned:
    """Return points spread evenly over the whole surface with noise along the normal, in the order of a Morton curve."""
    chance = np.random.default_rng(seed)
    on = sampled(reference.mesh, _count(reference), seed)
    off = together(damage.marks)(on.points, on.normals) + chance.normal(0, NOISE_MM, len(on.points))
    lies = scanner.fixture_motion(seed)
    points = in_scanner_order(move(lies, on.points + off[:, None] * on.normals).astype(np.float32))
    return Scanned(points, np.linalg.inv(lies), (True,) * len(damage.dents))


def scan(reference: Reference, damage: Damaged, seed: int) -> Scanned:
    """Return a scan of 16 views by the simulated scanner: occlusion, points mixed beside edges, outliers."""
    optics = scanner.Optics(points=_count(reference), noise_mm=NOISE_MM)
    made = scanner.scan(
        reference.mesh,
        scanner.turntable(),
        motion=scanner.fixture_motion(seed),
        displacement=together(damage.marks),
        optics=optics,
        seed=seed,
    )
    places = move(made.pose, made.points.astype(np.float64))
    tree = cKDTree(places)
    return Scanned(made.points, made.pose, tuple(_seen(places, tree, one) for one in damage.dents))


def _count(reference: Reference) -> int:
    return int(np.clip(DENSITY * reference.mesh.area_mm2, 200_000, MOST_POINTS))


def _seen(places: Real, tree: Any, one: Dent) -> bool:
    """Return whether each sixteenth of a dent's circle holds enough points."""
    off = places[tree.query_ball_point(one.mark.centre_mm, one.width_mm / 2)] - one.mark.centre_mm
    off = off[np.abs(off @ one.normal) < 1]
    first, second = _across(one.normal)
    radius = one.width_mm / 2
    across, along = off @ first, off @ second
    ring = (np.hypot(across, along) > radius / np.sqrt(2)).astype(np.int64)
    sector = np.minimum(7, ((np.arctan2(along, across) / np.pi + 1) * 4).astype(np.int64))
    return bool(np.bincount(8 * ring + sector, minlength=16).min() >= SEEN_A_MM2 * np.pi * radius**2 / 16)


def _dents(cells: SurfaceCells, chance: np.random.Generator, count: int, worn: Mark | None) -> tuple[Dent, ...]:
    every = cKDTree(cells.planes[:, :3])
    found: list[Dent] = []
    for place in chance.choice(len(cells), 40 * count, p=cells.area / cells.area.sum()).tolist():
        if len(found) == count:
            break
        centre, normal = cells.planes[place, :3].copy(), cells.planes[place, 3:].copy()
        width = float(chance.uniform(*WIDTHS_MM))
        depth = float(np.exp(chance.uniform(*np.log(DEPTHS_MM))))
        shape = SHAPES[int(chance.integers(len(SHAPES)))]
        if cells.sharp[place] or any(np.linalg.norm(one.mark.centre_mm - centre) < APART_MM for one in found):
            continue
        within = np.array(every.query_ball_point(centre, width / 2 + 1))
        same = cells.planes[within, 3:] @ normal > np.sqrt(0.5)
        inner = same & (np.linalg.norm(cells.planes[within, :3] - centre, axis=1) < width / 2)
        share = float(cells.area[within[inner]].sum()) / (np.pi * width**2 / 4)
        clear = not cells.sharp[within].any() and bool(same.all()) and 0.9 <= share <= 1.3
        if not clear and chance.random() < 0.8:
            continue
        on_wear = worn is not None and bool(worn.displacement(centre[None], normal[None])[0] != 0)
        found.append(Dent(_pressed(shape, centre, normal, depth, width, chance), shape, width, normal, clear, on_wear))
    return tuple(found)


def _pressed(shape: Shape, centre: Real, normal: Real, depth: float, width: float, chance: np.random.Generator) -> Mark:
    """Return a dent of cosine profile; a ball's, which ends in a sharp rim; or an oval one, narrower across than along."""
    if shape == "cosine":
        return dent(centre, normal, depth_mm=depth, diameter_mm=width)
    turn, ratio = float(chance.uniform(0, np.pi)), float(chance.uniform(max(0.6, WIDTHS_MM[0] / width), 1))
    first, second = _across(normal)
    along = np.cos(turn) * first + np.sin(turn) * second

    def displacement(points: Real, normals: Real) -> Real:
        off = points - centre
        share = np.linalg.norm(off, axis=1) * 2 / width
        if shape == "ball":
            hollow = np.maximum(0, 1 - share**2)
        else:
            across = np.cross(normal, along)
            share = np.sqrt(share**2 + (off @ across * 2 / width) ** 2 * (1 / ratio**2 - 1))
            hollow = (1 + np.cos(np.pi * np.minimum(1, share))) / 2
        return np.where(normals @ normal > SAME_SIDE, -depth * hollow, 0.0)

    return Mark("dent", centre, width / 2, depth, displacement)


def _wear(mesh: Mesh, cells: SurfaceCells, chance: np.random.Generator) -> Mark | None:
    """Return wear of a plane face, of a journal or bore about z, or of a smooth hollow 24 to 60 mm wide, as the part has them."""
    depth, uneven = float(np.exp(chance.uniform(*np.log(WEARS_MM)))), float(chance.uniform(0, 0.8))
    kinds = ["plane", "round", "hollow"]
    chance.shuffle(kinds)
    for kind in kinds:
        made = None
        if kind == "plane":
            made = _plane_wear(mesh, chance, depth, uneven)
        elif kind == "round":
            made = _round_wear(mesh, chance, depth, uneven)
        else:
            made = _hollow(cells, chance, depth)
        if made is not None:
            return made
    return None


def _plane_wear(mesh: Mesh, chance: np.random.Generator, depth: float, uneven: float) -> Mark | None:
    unit = mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)
    offset = np.einsum("ij,ij->i", mesh.corners[:, 0], unit)
    faces = _faces(mesh, np.column_stack([np.round(unit, 3), np.round(offset, 2)]), np.ones(len(unit), dtype=np.bool_))
    if not faces:
        return None
    face = faces[int(chance.integers(len(faces)))]
    centre = np.average(mesh.corners[face].mean(axis=1), axis=0, weights=mesh.areas_mm2[face])
    normal = unit[face[np.argmax(mesh.areas_mm2[face])]]
    centre = centre - ((centre - mesh.corners[face[0], 0]) @ normal) * normal
    return wear(centre, normal, depth_mm=depth, uneven=uneven)


def _round_wear(mesh: Mesh, chance: np.random.Generator, depth: float, uneven: float) -> Mark | None:
    unit = mesh.doubled_normals / np.maximum(2 * mesh.areas_mm2[:, None], 1e-300)
    middles = mesh.corners.mean(axis=1)
    radius = np.hypot(mesh.corners[:, :, 0], mesh.corners[:, :, 1]).max(axis=1)
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
        width = float(chance.uniform(24, 60))
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


def _across(normal: Real) -> tuple[Real, Real]:
    """Return two unit vectors across a unit normal and each other."""
    first = np.asarray(np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))]), dtype=np.float64)
    first /= np.linalg.norm(first)
    return first, np.asarray(np.cross(normal, first), dtype=np.float64)
