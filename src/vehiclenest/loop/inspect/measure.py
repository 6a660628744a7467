"""A scan measured against the library: which part it is, where it lies, and how far its surface is off. Damage is not judged here."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.loop.inspect.global_pose import find_pose
from vehiclenest.loop.inspect.identify import identify
from vehiclenest.loop.inspect.mesh import Points
from vehiclenest.loop.inspect.model import Deviation, Pose, plain
from vehiclenest.loop.inspect.reading import unit_hint
from vehiclenest.loop.inspect.reference import Reference
from vehiclenest.loop.inspect.register import Datum, register

Distances = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a scan; `distances` (n,) are signed, in mm, negative inside the reference, in the order of the points.

    `candidates` are the parts that were tried, best first, with the score of each (at most 1); one alone where the part was named.
    """

    part_id: str
    candidates: tuple[tuple[str, float], ...]
    pose: Pose
    coverage: float
    deviation: Deviation
    distances: Distances
    seconds: dict[str, float]

    def document(self) -> dict[str, Any]:
        """Return it as plain data for JSON; lengths in mm, what was not judged as None."""
        fields: dict[str, Any] = {
            "part_id": self.part_id,
            "candidates": [{"part_id": name, "score": score} for name, score in self.candidates],
            "pose": self.pose.matrix,
            "pose_uncertainty": self.pose.uncertainty(),
            "ambiguous": self.pose.ambiguous,
            "converged": self.pose.converged,
            "points": len(self.distances),
            "coverage": self.coverage,
            "deviation": asdict(self.deviation),
            "defects": None,
            "verdict": "not assessed",
            "reasons": self.pose.notes,
            "seconds": self.seconds | {"total": sum(self.seconds.values())},
        }
        return {name: plain(value) for name, value in fields.items()}


def measure(
    points: NDArray[np.float32], references: Sequence[Reference], *, fixture: bool = False, datum: Datum | None = None
) -> Measured:
    """Return what a scan (n, 3) in mm is and how far it is off.

    Parameters
    ----------
    references
        The parts that it may be; with one alone nothing is identified.
    fixture
        Whether the scan lies in the reference's place to about a tenth of the part; otherwise its pose is searched for.
    datum
        Where alone the pose is to be fixed.

    Raises
    ------
    InputError
        Where there is no reference, or points and part are of different units.
    """
    if not references:
        raise InputError("the library is empty", expected="vnest inspect learn MESH")
    seconds: dict[str, float] = {}
    start = perf_counter()
    scores, reference, found, coverage = _found(points, references, fixture=fixture)
    seconds["identify" if len(references) > 1 else "find pose"] = perf_counter() - start
    start = perf_counter()
    pose = register(reference, points, found, datum)
    alike = tuple(motion @ pose.matrix for motion in reference.learnt.symmetry.alike(np.eye(4))[1:])
    pose = Pose(pose.matrix, pose.covariance, pose.free, alike, pose.rms_mm, coverage, pose.converged, pose.notes)
    seconds["register"] = perf_counter() - start
    start = perf_counter()
    distances = reference.field.distance(points, pose.matrix)
    seconds["distances"] = perf_counter() - start
    return Measured(reference.part.part_id, scores, pose, coverage, deviation_of(distances), distances, seconds)


def _found(
    points: NDArray[np.float32], references: Sequence[Reference], *, fixture: bool
) -> tuple[tuple[tuple[str, float], ...], Reference, Points | None, float]:
    """Return the scores of the parts that were tried, the best, the pose to start from (none: in place), and the coverage."""
    if len(references) > 1:
        matches = identify(points, [reference.learnt for reference in references])
        scores = tuple((references[match.number].part.part_id, match.start.score) for match in matches)
        best = matches[0]
        return scores, references[best.number], best.start.pose, best.start.coverage
    (reference,) = references
    hint = unit_hint(np.ptp(points, axis=0), reference.mesh.high - reference.mesh.low)
    if hint is not None:
        raise InputError(hint)
    if fixture:
        return ((reference.part.part_id, float("nan")),), reference, None, float("nan")
    start = find_pose(points, reference.learnt)[0]
    return ((reference.part.part_id, start.score),), reference, start.pose, start.coverage


def deviation_of(distances: Distances) -> Deviation:
    """Return the figures of signed distances (n,) in mm."""
    low, middle, high = (float(value) for value in np.percentile(distances, (1, 50, 99)))
    greatest = float(distances[np.argmax(np.abs(distances))])
    return Deviation(float(distances.mean()), float(np.sqrt(np.mean(np.square(distances)))), low, middle, high, greatest)
