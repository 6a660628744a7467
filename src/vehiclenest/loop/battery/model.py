"""Records of the room. SOH and SOC are in percent throughout, voltages in V, capacities in Ah."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.battery.regression import Fitted

Array = NDArray[np.float64]
SocMode = Literal["known", "unknown"]
SOC_MODES: tuple[SocMode, ...] = ("known", "unknown")


@dataclass(frozen=True, slots=True)
class PulseTests:
    """Pulse tests of one type of cell: voltages (tests, 21), soc (tests,), measured soh (tests,), number of the physical cell."""

    voltages: Array
    soc: Array
    soh: Array
    cells: NDArray[np.int64]
    states: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.soh)

    def part(self, chosen: NDArray[np.int64]) -> "PulseTests":
        """Return some of the tests."""
        return PulseTests(self.voltages[chosen], self.soc[chosen], self.soh[chosen], self.cells[chosen], self.states[chosen])


@dataclass(frozen=True, slots=True)
class Width:
    """Half-width in SOH points of the 90 % interval of `tests` combined: its square is `common`² + `own`²/tests."""

    common: float
    own: float

    def of(self, tests: NDArray[np.int64] | int) -> Array:
        """Return the half-width for a number of tests of one cell."""
        return np.sqrt(self.common**2 + self.own**2 / np.asarray(tests, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class TypeModel:
    """What was learnt of one type of cell: its regressions by mode, its intervals, and the range in which they hold."""

    chemistry: str
    nominal_ah: float
    voltages: Array
    soc: Array
    members: dict[SocMode, tuple[Fitted, ...]]
    widths: dict[SocMode, Width]
    domain_low: Array
    domain_high: Array

    @property
    def key(self) -> str:
        """Chemistry and nominal capacity, which tell types apart."""
        return type_key(self.chemistry, self.nominal_ah)


def type_key(chemistry: str, nominal_ah: float) -> str:
    """Return the name of a type of cell."""
    return f"{chemistry} {nominal_ah:g} Ah"


@dataclass(frozen=True, slots=True)
class HealthModel:
    """A learnt model of several types of cell, with the hash of what it was learnt from and the seed of its folds."""

    types: dict[str, TypeModel]
    data_sha256: str
    seed: int
    report: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict[str, dict[str, dict[str, float]]])
