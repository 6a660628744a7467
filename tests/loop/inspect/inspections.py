"""Scans of a disc with known damage, and the inspections that they lead to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any

import manifold3d
import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.inspect.mesh import Mesh
from vehiclenest.loop.inspect.model import Candidate, Damage, Defect, Deviation, Figure, Inspection, Pose, Verdict
from vehiclenest.loop.inspect.surface_map import SurfaceMap, surface_map

Array = NDArray[np.float64]
DENTS: tuple[tuple[float, float, float], ...] = ((-80.0, 10.0, 20.0), (0.0, -85.0, 0.0))
DENT_DEPTH, DENT_RADIUS, WEAR = 0.6, 6.0, 0.15


@dataclass(frozen=True)
class Scan:
    """Points (n, 3) in the reference's frame and their signed distances (n,), mm."""

    points: Array
    distances: Array


def mesh_of(solid: Any) -> Mesh:
    """Return the mesh of a solid."""
    made: Any = solid.to_mesh()
    return Mesh(np.asarray(made.vert_properties[:, :3], dtype=np.float64), np.asarray(made.tri_verts, dtype=np.int32))


@cache
def disc() -> Mesh:
    """Return a disc with a hat and bolt holes, in the few long triangles that a modeller makes."""
    solid: Any = manifold3d.Manifold.cylinder(20, 100, 100, 128) + manifold3d.Manifold.cylinder(45, 55, 50, 128)
    solid -= manifold3d.Manifold.cylinder(60, 30, 30, 96).translate((0, 0, -5))
    for number in range(5):
        angle = number * 2 * np.pi / 5
        solid -= manifold3d.Manifold.cylinder(60, 6, 6, 32).translate((42 * np.cos(angle), 42 * np.sin(angle), -5))
    return mesh_of(solid)


def scan(count: int, *, noise: float, seen: Callable[[Array], NDArray[np.bool_]] | None = None) -> Scan:
    """Return a scan of the disc: one face worn by 0.15 mm, a dent in each face, Gaussian noise along the normal."""
    part, chance = disc(), np.random.default_rng(7)
    triangle = np.sort(chance.choice(len(part.areas_mm2), count, p=part.areas_mm2 / part.area_mm2))
    normals = part.doubled_normals[triangle]
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    points = np.einsum("ij,ijk->ik", chance.dirichlet((1, 1, 1), count), part.corners[triangle])
    distances = chance.normal(0, noise, count)
    distances -= WEAR * ((normals[:, 2] > 0.9) & (points[:, 2] < 21))
    for centre, side in zip(DENTS, (1, -1), strict=True):
        away = np.linalg.norm(points - centre, axis=1) / DENT_RADIUS
        dent = DENT_DEPTH * (1 + np.cos(np.pi * np.minimum(away, 1))) / 2
        distances -= dent * (normals[:, 2] * side > 0.9)
    keep = np.full(count, fill_value=True) if seen is None else seen(points)
    return Scan((points + normals * distances[:, None])[keep], distances[keep])


def inspected(made: Scan) -> tuple[Inspection, SurfaceMap]:
    """Return the inspection of a scan, its figures from the scan's own distances and the damage that was put in, and its map."""
    display = surface_map(disc(), made.points, made.distances)
    low, middle, high = np.quantile(made.distances, [0.01, 0.5, 0.99])
    greatest = made.distances[np.argmax(np.abs(made.distances))]
    rms = float(np.sqrt(np.mean(made.distances**2)))
    coverage = float(display.covered.mean())
    pose = Pose(
        np.eye(4), np.diag([1e-10] * 3 + [1e-6] * 3), np.zeros((0, 6)), (), rms, coverage, converged=True, notes=("best fit",)
    )
    size = Figure(np.pi * DENT_RADIUS**2, 2.0), Figure(DENT_DEPTH * np.pi * DENT_RADIUS**2 * 0.297, 0.4)
    dents = tuple(Defect("dent", centre, Figure(DENT_DEPTH, 0.008), *size) for centre in DENTS)
    damage = Damage(dents, Figure(WEAR * 23_000, 30.0), Figure(WEAR, 0.004), 23_000.0, ("cells at sharp edges count less",))
    found = Inspection(
        part_id="disc-100",
        confidence=0.997,
        candidates=(Candidate("disc-100", 0.997, rms, coverage, "shape"), Candidate("disc-102", 0.002, 0.4, 0.9, "shape")),
        pose=pose,
        points=len(made.points),
        coverage=coverage,
        deviation=Deviation(float(made.distances.mean()), rms, float(low), float(middle), float(high), float(greatest)),
        damage=damage,
        verdict=Verdict("remanufacture", ("worn by 150 µm, tolerance 100 µm", "2 dents of up to 600 µm")),
        tolerance_mm=0.1,
        seconds={"read": 0.02, "register": 0.18, "distance": 0.1, "damage": 0.15},
        scan="disc-100.ply",
        scan_sha256=sha256(made.points.tobytes()).hexdigest(),
    )
    return found, display


def renamed(inspection: Inspection, text: str) -> Inspection:
    """Return the inspection with a text in every place that takes one."""
    first, *others = inspection.candidates
    return replace(
        inspection,
        part_id=text,
        scan=text,
        candidates=(replace(first, part_id=text, by=text), *others),
        verdict=Verdict("manual", (text,)),
        seconds={text: 1.0},
        notes=(text,),
    )
