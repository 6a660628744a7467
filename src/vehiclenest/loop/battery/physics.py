"""Physics where the data end: how far resistances may move beyond the learnt SOC, after PyBaMM's single particle model.

The room's estimate beyond the learnt SOC rests on one claim: resistances vary slowly there. The same pulse is run in PyBaMM's SPMe with
published parameters of a cell of the chemistry; the change of its resistance from the last learnt SOC to the asked one, plus the spread
that real cells show, is what the claim is worth. Needs the extra `physics`.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.model import Array, PulseTests
from vehiclenest.loop.battery.pulse import resistances

# Parameter sets that PyBaMM carries: Chen et al. 2020 (NMC 811 against graphite and silicon), Prada et al. 2013 (LFP). It carries
# none of LMO.
_PARAMETERS = {"NMC": "Chen2020", "LFP": "Prada2013"}
_PULSE_SECONDS = 5.0
_RATE = 0.5  # of the pulse, in C


@dataclass(frozen=True, slots=True)
class PhysicsCheck:
    """Relative changes of resistance between two SOC: in PyBaMM, and measured (mean over cells)."""

    chemistry: str
    parameters: str
    simulated_change: float
    measured_change: float

    @property
    def slow(self) -> bool:
        """Whether both say that resistance changes by less than a fifth: then the estimate may reach so far."""
        return max(abs(self.simulated_change), abs(self.measured_change)) < 0.2  # noqa: PLR2004


def check(chemistry: str, tests: PulseTests, soc_from: float, soc_to: float) -> PhysicsCheck:
    """Compare what PyBaMM and the tests say of resistance between two SOC in percent.

    Raises
    ------
    InputError
        For a chemistry that PyBaMM has no parameters of.
    """
    if chemistry not in _PARAMETERS:
        raise InputError(f"PyBaMM has no parameters of {chemistry}", expected=f"one of {', '.join(_PARAMETERS)}")
    simulated = [pulse_resistance(_PARAMETERS[chemistry], soc) for soc in (soc_from, soc_to)]
    by_kind = resistances(tests.voltages)
    total = (by_kind["on"] + by_kind["polarisation"]).mean(axis=1)
    measured = [float(total[tests.soc == soc].mean()) for soc in (soc_from, soc_to)]
    return PhysicsCheck(chemistry, _PARAMETERS[chemistry], simulated[1] / simulated[0] - 1.0, measured[1] / measured[0] - 1.0)


def pulse_resistance(parameters: str, soc: float) -> float:
    """Return the voltage step of a 5 s discharge pulse of 0.5 C over its rate, in V per C-rate."""
    import pybamm as engine  # pyright: ignore[reportMissingImports]  # the extra battery-physics

    pybamm = cast("Any", engine)
    values = pybamm.ParameterValues(parameters)
    model = pybamm.lithium_ion.SPMe({"thermal": "isothermal"})
    values["Current function [A]"] = _RATE * float(values["Nominal cell capacity [A.h]"])
    simulation = pybamm.Simulation(model, parameter_values=values)
    solution = simulation.solve(np.linspace(0.0, _PULSE_SECONDS, 11), initial_soc=soc / 100.0)
    voltage: Array = np.asarray(solution["Terminal voltage [V]"].entries, dtype=np.float64)
    rest = float(solution["Battery open-circuit voltage [V]"].entries[0])
    return (rest - float(voltage[-1])) / _RATE
