"""From a scan to a verdict: which part it is, where it lies, how far it is off, what is wrong with it, what becomes of it."""

from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import file_digest
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.damage import assess_damage
from vehiclenest.loop.inspect.global_pose import find_pose
from vehiclenest.loop.inspect.identify import identify
from vehiclenest.loop.inspect.mesh import Points, move
from vehiclenest.loop.inspect.model import Candidate, Deviation, Inspection, Unidentified, Verdict
from vehiclenest.loop.inspect.reading import Unit, read_scan, unit_hint
from vehiclenest.loop.inspect.reference import Library, Reference
from vehiclenest.loop.inspect.register import Datum, register
from vehiclenest.loop.inspect.report import page
from vehiclenest.loop.inspect.surface_map import surface_map
from vehiclenest.loop.inspect.verdict import verdict

Distances = NDArray[np.float32]
NAMED = "named"
_RANKED = 400_000  # distances that quantiles are taken of


@dataclass(frozen=True, slots=True)
class Settings:
    """How scans are inspected.

    `part_id` names the part where it is known; with `fixture` the scan lies in the reference's place to about a tenth of the part;
    `datum` is where alone the pose is to be fixed; `marks` are probabilities of parts by their marking; `site` is the folder of the
    site's own verdict.toml.
    """

    part_id: str | None = None
    fixture: bool = False
    datum: Datum | None = None
    unit: Unit | None = None
    marks: Mapping[str, float] = field(default_factory=dict[str, float])
    site: Path | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found of a scan, with its points (n, 3) as read and, where the part is known, their signed distances (n,), in mm."""

    found: Inspection | Unidentified
    points: Distances
    distances: Distances | None = None
    reference: Reference | None = None

    def page(self, title: str) -> str:
        """Return the HTML page of the inspection.

        Raises
        ------
        InputError
            Where the part is unknown, so that there is no surface to draw on.
        """
        if isinstance(self.found, Unidentified) or self.reference is None or self.distances is None:
            raise InputError("the part is unknown: there is nothing to draw its scan on", expected="--part ID, or learn the part")
        moved = move(self.found.pose.matrix, self.points)
        return page(title, self.found, surface_map(self.reference.mesh, moved, self.distances))


@dataclass(frozen=True, slots=True)
class Read:
    """A scan's points (n, 3) in mm, its file's name and SHA-256, and how long reading took."""

    points: Distances
    name: str
    sha256: Future[str]
    seconds: float


def read_file(path: Path, unit: Unit | None = None) -> Read:
    """Return a scan's file; its hash is taken beside.

    Raises
    ------
    InputError
        Where the file cannot be read.
    """
    start = perf_counter()
    points = read_scan(path, unit)
    beside = ThreadPoolExecutor(1)
    hashed = beside.submit(_sha256, path)
    beside.shutdown(wait=False)
    return Read(points, path.name, hashed, perf_counter() - start)


def inspect_file(path: Path, library: Library, settings: Settings | None = None) -> Inspected:
    """Return what a scan's file shows.

    Raises
    ------
    InputError
        Where the file cannot be read, the library is empty, or points and part are of different units.
    NotFoundError
        Where the library has no such part.
    """
    settings = settings or Settings()
    return inspect_read(read_file(path, settings.unit), library, settings)


def inspect_read(read: Read, library: Library, settings: Settings | None = None) -> Inspected:
    """Return what a scan that was read shows; raises as `inspect_file` does."""
    seconds = {"read": read.seconds}
    made = _inspected(read.points, library, settings or Settings(), seconds)
    with _timed(seconds, "hash"):
        sha256 = read.sha256.result()
    return replace(made, found=replace(made.found, scan=read.name, scan_sha256=sha256))


def inspect_points(points: Distances, library: Library, settings: Settings | None = None) -> Inspected:
    """Return what points (n, 3) in mm show; raises as `inspect_file` does."""
    return _inspected(points, library, settings or Settings(), {})


def _inspected(points: Distances, library: Library, settings: Settings, seconds: dict[str, float]) -> Inspected:
    if not library.parts:
        raise InputError("the library is empty", expected="vnest inspect learn MESH")
    if settings.part_id is not None:
        start = _start(points, library[settings.part_id], settings, seconds)
        nothing = float("nan")
        return _measured(
            points, library, (Candidate(settings.part_id, nothing, nothing, nothing, NAMED),), start, settings, seconds
        )
    with _timed(seconds, "identify"):
        said = identify(points, library, settings.marks)
    if said.part_id is not None:
        return _measured(points, library, said.candidates, said.pose, settings, seconds)
    best = said.candidates[0]
    _check_unit(points, library[best.part_id])
    why = f"No part of the library explains the scan; the likeliest, {best.part_id}, has a probability of {best.confidence:.1%}."
    return Inspected(
        Unidentified(said.confidence, said.candidates, len(points), Verdict("manual", (why,)), seconds, "", ""), points
    )


def _start(points: Distances, reference: Reference, settings: Settings, seconds: dict[str, float]) -> Points | None:
    """Return the pose to start from on a part that is known; none where a fixture holds it in place."""
    _check_unit(points, reference)
    if settings.fixture:
        return None
    with _timed(seconds, "find pose"):
        return find_pose(points, reference.learnt)[0].pose


def _check_unit(points: Distances, reference: Reference) -> None:
    hint = unit_hint(np.ptp(points, axis=0), reference.mesh.high - reference.mesh.low)
    if hint is not None:
        raise InputError(hint)


def _measured(
    points: Distances,
    library: Library,
    candidates: tuple[Candidate, ...],
    start: Points | None,
    settings: Settings,
    seconds: dict[str, float],
) -> Inspected:
    best = candidates[0]
    reference = library[best.part_id]
    with _timed(seconds, "register"):
        pose = register(reference, points, start, settings.datum)
    alike = tuple(motion @ pose.matrix for motion in reference.learnt.symmetry.alike(np.eye(4))[1:])
    with _timed(seconds, "distances"):
        distances = reference.field.distance(points, pose.matrix)
        deviation = deviation_of(distances)
    part = reference.part
    with _timed(seconds, "damage"):
        damage = assess_damage(
            reference.cells, points, distances,
            tolerance_mm=part.tolerance_mm, pose_covariance=pose.covariance, pose=pose.matrix,
        )  # fmt: skip
    pose = replace(pose, ambiguous=alike, coverage=damage.coverage)
    with _timed(seconds, "verdict"):
        said = verdict(
            damage, deviation, damage.coverage, part.family, tolerance_mm=part.tolerance_mm, pose=pose, site=settings.site
        )
    found = Inspection(
        part_id=part.part_id,
        confidence=best.confidence,
        candidates=(replace(best, rms_mm=pose.rms_mm, coverage=damage.coverage), *candidates[1:]),
        pose=pose,
        points=len(points),
        coverage=damage.coverage,
        deviation=deviation,
        damage=damage,
        verdict=said,
        tolerance_mm=part.tolerance_mm,
        seconds=seconds,
        scan="",
        scan_sha256="",
    )
    return Inspected(found, points, distances, reference)


def deviation_of(distances: Distances) -> Deviation:
    """Return the figures of signed distances (n,) in mm; the quantiles of many from 400,000 to 800,000 of them, evenly spread."""
    some = distances[:: max(1, len(distances) // _RANKED)]
    low, middle, high = (float(value) for value in np.percentile(some, (1, 50, 99)))
    greatest = float(distances[np.argmax(np.abs(distances))])
    return Deviation(float(distances.mean()), float(np.sqrt(np.mean(np.square(distances)))), low, middle, high, greatest)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Generator[None]:
    start = perf_counter()
    yield
    seconds[stage] = perf_counter() - start
