"""Records of the room: what an inspection says of a scanned part. Lengths in mm, angles in degrees, in the reference's frame."""

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DefectKind = Literal["dent", "wear", "crack", "missing", "excess"]
DEFECT_KINDS: tuple[DefectKind, ...] = ("dent", "wear", "crack", "missing", "excess")
Outcome = Literal["reuse", "remanufacture", "recycle", "manual"]
OUTCOMES: tuple[Outcome, ...] = ("reuse", "remanufacture", "recycle", "manual")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its expanded uncertainty (k = 2, about 95 %), in the unit that its field's name says."""

    value: float
    uncertainty: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.uncertainty

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.uncertainty


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the scan lies: `matrix` (4, 4) moves the scan into the reference's frame; `covariance` (6, 6) of a small motion after it.

    The motion is (rx, ry, rz, tx, ty, tz), in rad about the middle of the part and mm. `free` are unit motions of that kind which
    the surface does not fix (rotation of a disc about its axis …); `ambiguous` are other matrices that fit as well (symmetry).
    `contested` says that wear and pose cannot be told apart: a datum would settle it.
    """

    matrix: NDArray[np.float64]
    covariance: NDArray[np.float64]
    free: NDArray[np.float64]
    ambiguous: tuple[NDArray[np.float64], ...]
    rms_mm: float
    coverage: float
    converged: bool
    notes: tuple[str, ...] = ()
    contested: bool = False

    def uncertainty(self) -> dict[str, Any]:
        """Return expanded uncertainties (k = 2) about and along each axis of the reference; `free` are motions that nothing fixes."""
        spread = 2 * np.sqrt(np.clip(np.diag(self.covariance), 0, None))
        return {"rotation_deg": np.degrees(spread[:3]), "translation_mm": spread[3:], "free": self.free}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A part that the scan may be: `confidence` is a calibrated probability, `by` what spoke for it."""

    part_id: str
    confidence: float
    rms_mm: float
    coverage: float
    by: str


@dataclass(frozen=True, slots=True)
class Deviation:
    """Signed distances of the scan from the reference, in mm; negative is inside the reference."""

    mean: float
    rms: float
    p01: float
    p50: float
    p99: float
    max: float  # of the greatest size, with its sign


@dataclass(frozen=True, slots=True)
class Defect:
    """A connected region beyond tolerance. `depth_mm` is positive, beyond the surrounding surface; it stands out for `excess`."""

    kind: DefectKind
    centre_mm: tuple[float, float, float]
    depth_mm: Figure
    area_mm2: Figure
    volume_mm3: Figure


@dataclass(frozen=True, slots=True)
class Damage:
    """All that is wrong with a surface: defects on top of a smooth wear field, and the volume that wear took off."""

    defects: tuple[Defect, ...]
    wear_volume_mm3: Figure
    greatest_wear_mm: Figure
    worn_area_mm2: float
    notes: tuple[str, ...] = ()
    coverage: float = 1.0  # share of the surface that was seen


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the part, and why, in words; `unverified` names the limits behind it that nobody has checked [U]."""

    outcome: Outcome
    reasons: tuple[str, ...]
    unverified: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that an inspection found; `seconds` holds the wall time of every stage."""

    part_id: str
    confidence: float
    candidates: tuple[Candidate, ...]
    pose: Pose
    points: int
    coverage: float
    deviation: Deviation
    damage: Damage
    verdict: Verdict
    tolerance_mm: float
    seconds: dict[str, float]
    scan: str
    scan_sha256: str
    notes: tuple[str, ...] = ()

    @property
    def total_seconds(self) -> float:
        """Wall time of the whole: as measured, or else the sum of the stages."""
        return self.seconds.get("total", sum(self.seconds.values()))

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Every note of the inspection, of its pose and of its damage, each once."""
        return tuple(dict.fromkeys((*self.notes, *self.pose.notes, *self.damage.notes)))

    def document(self) -> dict[str, Any]:
        """Return the inspection as JSON holds it: lists for arrays, None for what is no finite number."""
        return {name: plain(value) for name, value in self._fields().items()}

    def _fields(self) -> dict[str, Any]:
        damage = self.damage
        return {
            "part_id": self.part_id,
            "confidence": self.confidence,
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "pose": self.pose.matrix,
            "pose_uncertainty": self.pose.uncertainty(),
            "ambiguous": self.pose.ambiguous,
            "converged": self.pose.converged,
            "contested": self.pose.contested,
            "points": self.points,
            "coverage": self.coverage,
            "tolerance_mm": self.tolerance_mm,
            "deviation": asdict(self.deviation),
            "defects": [_defect(defect) for defect in damage.defects],
            "wear_volume_mm3": damage.wear_volume_mm3.value,
            "wear_volume_uncertainty_mm3": damage.wear_volume_mm3.uncertainty,
            "greatest_wear_mm": damage.greatest_wear_mm.value,
            "greatest_wear_uncertainty_mm": damage.greatest_wear_mm.uncertainty,
            "worn_area_mm2": damage.worn_area_mm2,
            "verdict": self.verdict.outcome,
            "reasons": self.verdict.reasons,
            "unverified": self.verdict.unverified,
            "notes": self.all_notes,
            "seconds": self.seconds | {"total": self.total_seconds},
            "scan": self.scan,
            "scan_sha256": self.scan_sha256,
        }


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A scan of no part that the library has: `candidates` are the likeliest all the same; `confidence` that it is none of them."""

    confidence: float
    candidates: tuple[Candidate, ...]
    points: int
    verdict: Verdict
    seconds: dict[str, float]
    scan: str
    scan_sha256: str
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as an `Inspection` does, with None for what was not measured."""
        fields: dict[str, Any] = {
            "part_id": None,
            "confidence": self.confidence,
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "pose": None,
            "points": self.points,
            "coverage": None,
            "deviation": None,
            "defects": None,
            "wear_volume_mm3": None,
            "verdict": self.verdict.outcome,
            "reasons": self.verdict.reasons,
            "unverified": self.verdict.unverified,
            "notes": self.notes,
            "seconds": self.seconds | {"total": sum(self.seconds.values())},
            "scan": self.scan,
            "scan_sha256": self.scan_sha256,
        }
        return {name: plain(value) for name, value in fields.items()}


def _defect(defect: Defect) -> dict[str, Any]:
    figures = {"depth_mm": defect.depth_mm, "area_mm2": defect.area_mm2, "volume_mm3": defect.volume_mm3}
    return {
        "kind": defect.kind,
        "centre_mm": defect.centre_mm,
        **{name: figure.value for name, figure in figures.items()},
        "uncertainty": {name: figure.uncertainty for name, figure in figures.items()},
    }


def plain(value: Any) -> Any:
    """Return a value of nothing but what JSON knows."""
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value
