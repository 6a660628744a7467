"""Records of the room: what an inspection says of a scanned part. Lengths in mm, angles in degrees, in the reference's frame."""

from dataclasses import dataclass
from typing import Literal

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
    """

    matrix: NDArray[np.float64]
    covariance: NDArray[np.float64]
    free: NDArray[np.float64]
    ambiguous: tuple[NDArray[np.float64], ...]
    rms_mm: float
    coverage: float
    converged: bool
    notes: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the part, and why, in words."""

    outcome: Outcome
    reasons: tuple[str, ...]
