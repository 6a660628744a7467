"""What becomes of the graphite that a residue holds: kept in it, floated off and sold, or burnt."""

from typing import Literal

import numpy as np

from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import GASES, at, celsius, cold
from vehiclenest.loop.regenerate.stream import Stream, Unit, Vessel

Fate = Literal["kept", "sold", "burnt"]
FATES: tuple[Fate, ...] = ("kept", "sold", "burnt")


def float_graphite(name: str, residue: Stream, values: Values, stage: str, rest: str) -> Unit:
    """Float graphite off a residue; what stays is called `rest`."""
    vessel = Vessel({name: residue})
    floated = vessel.take(["C"], values["refine.flotation_recovery"])
    return vessel.finish("flotation", stage, {"graphite": cold(floated), rest: cold(vessel.rest())})


def burn_graphite(name: str, residue: Stream, values: Values, stage: str) -> Unit:
    """Burn the graphite of a residue; its heat is given off, none of it is credited."""
    vessel = Vessel({name: residue, "oxygen of air to combustion": cold({"O2(g)": residue.amounts.get("C", np.zeros(1))})})
    vessel.use_up("C + O2(g) -> CO2(g)", "C")
    vessel.use_up("H2O -> H2O(g)", "H2O")
    hot = celsius(values, "one_step.roast_temperature")
    gas = vessel.take(GASES)
    return vessel.finish("residue combustion", stage, {"gas of combustion": at(gas, hot), "ash": at(vessel.rest(), hot)})


def disposed(fate: Fate, name: str, residue: Stream, values: Values, stage: str) -> list[Unit]:
    """Return the unit that a fate asks for behind a residue, none where graphite is kept in it."""
    if fate == "sold":
        return [float_graphite(name, residue, values, stage, f"{name} without graphite")]
    return [burn_graphite(name, residue, values, stage)] if fate == "burnt" else []
