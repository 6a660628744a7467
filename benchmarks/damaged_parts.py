"""Worn and dented parts with their truth, for the benchmark of damage: where dents and wear may lie, and a scan of the whole.

A dent is `clear` where the surface goes on all around it: no edge that turns by more than 37° in its rim or within a millimetre, no normal
further than 45° from its own, and 90 to 130 % of its circle is there as surface; otherwise it is told apart as one beside an edge.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import trimesh
from benchmarks.inspect_distance import NOISE_MM, in_scanner_order
from benchmarks.inspect_pose import REAL
from benchmarks.worn_faces import across, drawn_wear, lost_mm3
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from tests.loop.inspect.shapes import sampled

from vehiclenest.loop.inspect.mesh import Mesh, move
from vehiclenest.loop.inspect.reference import Library, Part, Reference
from vehiclenest.loop.inspect.simulate import scanner
from vehiclenest.loop.inspect.simulate.families import build, spec
from vehiclenest.loop.inspect.simulate.wear_and_tear import SAME_SIDE, Mark, dent, together
from vehiclenest.loop.inspect.surface_cells import SurfaceCells

Real = NDArray[np.float64]
Shape = Literal["cosine", "ball", "oval"]
SHAPES: tuple[Shape, ...] = ("cosine", "ball", "oval")
DEPTHS_MM, WIDTHS_MM, APART_MM = (0.1, 0.6), (4.0, 10.0), 16.0
REAL_SCALE = {"turbine blade": 5.0, "casting": 25.4}  # the files name no unit; so many mm make them 214 and 306 mm long
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
    """Points (n, 3) in the scanner's frame, the true pose (4, 4), whether all of each dent was seen, and which share of the wear."""

    points: NDArray[np.float32]
    pose: Real
    seen: tuple[bool, ...]
    wear_seen: float


def reference_of(name: str, library: Library | None) -> Reference:
    """Return a part of the catalogue or a real one, learnt or from the library."""
    if library is not None and _id(name) in library.parts:
        return library[_id(name)]
    if name in REAL:
        load: Any = cast("Any", trimesh).load_mesh
        loaded = load(Path(os.environ["VNEST_DATA"]) / REAL[name])
        corners = REAL_SCALE[name] * np.asarray(loaded.vertices, dtype=np.float64)
        corners -= (corners.min(axis=0) + corners.max(axis=0)) / 2  # a fixture turns a part about its middle
        mesh = Mesh(corners, np.asarray(loaded.faces, dtype=np.int32))
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
    worn = drawn_wear(reference.mesh, reference.cells, chance)
    volume = 0.0 if worn is None else lost_mm3(reference.mesh, worn)
    return Damaged(_dents(reference.cells, chance, count, worn), worn, volume)


def even(reference: Reference, damage: Damaged, seed: int) -> Scanned:
    """Return points spread evenly over the whole surface with noise along the normal, in the order of a Morton curve."""
    chance = np.random.default_rng(seed)
    on = sampled(reference.mesh, _count(reference), seed)
    off = together(damage.marks)(on.points, on.normals) + chance.normal(0, NOISE_MM, len(on.points))
    lies = scanner.fixture_motion(seed)
    points = in_scanner_order(move(lies, on.points + off[:, None] * on.normals).astype(np.float32))
    back: Real = np.asarray(np.linalg.inv(lies), dtype=np.float64)
    return Scanned(points, back, (True,) * len(damage.dents), 1.0)


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
    seen = tuple(_seen(places, tree, one) for one in damage.dents)
    return Scanned(made.points, made.pose, seen, _wear_seen(reference.cells, tree, damage.wear))


def _wear_seen(cells: SurfaceCells, tree: Any, worn: Mark | None) -> float:
    """Return which share of the worn volume lies in cells with a point of the scan within a cell's width of their middle."""
    if worn is None:
        return 1.0
    lost = -worn.displacement(cells.planes[:, :3], cells.planes[:, 3:]) * cells.area
    away = tree.query(cells.planes[:, :3], distance_upper_bound=cells.edge_mm)[0]
    return float(lost[np.isfinite(away)].sum() / lost.sum())


def _count(reference: Reference) -> int:
    return int(np.clip(DENSITY * reference.mesh.area_mm2, 200_000, MOST_POINTS))


def _seen(places: Real, tree: Any, one: Dent) -> bool:
    """Return whether each sixteenth of a dent's circle holds enough points."""
    off = places[tree.query_ball_point(one.mark.centre_mm, one.width_mm / 2)] - one.mark.centre_mm
    off = off[np.abs(off @ one.normal) < 1]
    first, second = across(one.normal)
    radius = one.width_mm / 2
    right, up = off @ first, off @ second
    ring = (np.hypot(right, up) > radius / np.sqrt(2)).astype(np.int64)
    sector = np.minimum(7, ((np.arctan2(up, right) / np.pi + 1) * 4).astype(np.int64))
    return bool(np.bincount(8 * ring + sector, minlength=16).min() >= SEEN_A_MM2 * np.pi * radius**2 / 16)


def _dents(cells: SurfaceCells, chance: np.random.Generator, count: int, worn: Mark | None) -> tuple[Dent, ...]:
    every = cKDTree(cells.planes[:, :3])
    found: list[Dent] = []
    for place in chance.choice(len(cells), 40 * count, p=cells.area / cells.area.sum()).tolist():
        if len(found) == count:
            break
        centre, normal = cells.planes[place, :3].copy(), cells.planes[place, 3:].copy()
        width = float(chance.uniform(*WIDTHS_MM))
        depth = math.exp(chance.uniform(math.log(DEPTHS_MM[0]), math.log(DEPTHS_MM[1])))
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
    first, second = across(normal)
    along = np.cos(turn) * first + np.sin(turn) * second

    def displacement(points: Real, normals: Real) -> Real:
        off = points - centre
        share = np.linalg.norm(off, axis=1) * 2 / width
        if shape == "ball":
            hollow = np.maximum(0, 1 - share**2)
        else:
            aside: Real = np.asarray(np.cross(normal, along), dtype=np.float64)
            share = np.sqrt(share**2 + (off @ aside * 2 / width) ** 2 * (1 / ratio**2 - 1))
            hollow = (1 + np.cos(np.pi * np.minimum(1, share))) / 2
        return np.where(normals @ normal > SAME_SIDE, -depth * hollow, 0.0)

    return Mark("dent", centre, width / 2, depth, displacement)
