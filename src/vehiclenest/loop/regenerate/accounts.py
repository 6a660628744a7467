"""What a flowsheet uses and emits, by the part of the plant that is looked at: the three boundaries that claims are held at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vehiclenest.loop.regenerate.balance import external
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import METALS, WATER_TO, Flowsheet
from vehiclenest.loop.regenerate.stream import Array, Unit, total

Boundary = Literal["lithium", "oxide", "salts"]
BOUNDARIES: tuple[Boundary, ...] = ("lithium", "oxide", "salts")
# Which flowsheet a boundary is read from, and which stages of it lie inside.
STAGES: Mapping[Boundary, frozenset[str]] = {
    "lithium": frozenset({"lithium"}),
    "oxide": frozenset({"lithium", "metals", "oxide"}),
    "salts": frozenset({"lithium", "metals", "salts"}),
}
REAGENTS = {
    "sulfuric acid": "sulfuric_acid",
    "hydrogen peroxide": "hydrogen_peroxide",
    "sodium hydroxide": "sodium_hydroxide",
    "soda ash": "soda_ash",
    "carbon dioxide": "carbon_dioxide",
    "lithium carbonate bought": "lithium_carbonate",
}
_RETURNED = ("returned liquor", "returned lithium liquor")


@dataclass(frozen=True, slots=True)
class Accounts:
    """Energy in kWh, reagents in kg as 100 %, water in kg, carbon in kg CO2 by source; arrays over the runs."""

    electricity_kwh: Array
    fuel_kwh: Array
    reagents_kg: Mapping[str, Array]
    fresh_water_kg: Array
    reused_water_kg: Array
    carbon_kg: Mapping[str, Array]

    @property
    def energy_kwh(self) -> Array:
        """Electricity and fuel together, as final energy."""
        return self.electricity_kwh + self.fuel_kwh

    @property
    def reagent_kg(self) -> Array:
        """All reagents together."""
        return total(self.reagents_kg.values())

    @property
    def total_carbon_kg(self) -> Array:
        """Carbon of all sources, nothing credited."""
        return total(self.carbon_kg.values())


def accounts(flowsheet: Flowsheet, boundary: Boundary, values: Values) -> Accounts:
    """Add up what the units inside a boundary take from outside of the plant and what gas they give off.

    Water is the plant's as a whole, whatever the boundary.
    """
    inside = [unit for unit in flowsheet.units if unit.stage in STAGES[boundary]]
    taken, given = external(flowsheet.units)
    reagents: dict[str, Array] = {}
    for unit, name, item in taken:
        reagent = reagent_of(name)
        if reagent and unit.stage in STAGES[boundary] and np.any(item.mass_kg):
            reagents[reagent] = reagents.get(reagent, np.zeros(1)) + item.mass_kg
    dioxide = total(item.mass_of("CO2(g)") for unit, _, item in given if unit.stage in STAGES[boundary])
    electricity, fuel = total(unit.electricity_kwh for unit in inside), total(unit.fuel_kwh for unit in inside)
    fresh = total(item.mass_of("H2O") for _, name, item in taken if name == "fresh water")
    carbon = {
        "process": dioxide,
        "electricity": electricity * values["carbon.electricity"],
        "fuel": fuel * values["carbon.fuel"],
        "reagents": total(mass * values[f"carbon.{REAGENTS[name]}"] for name, mass in reagents.items()),
    }
    return Accounts(electricity, fuel, reagents, fresh, _reused(flowsheet.units, fresh), carbon)


def reagent_of(stream: str) -> str | None:
    """Return the reagent that a stream brings, from its name; None for feed, water and air."""
    name = stream.partition(" to ")[0]
    return name if name in REAGENTS else None


def recovery(flowsheet: Flowsheet, element: str) -> Array:
    """Return the share of the feed's element that leaves in a product other than sodium sulfate and bought lithium."""
    taken, _ = external(flowsheet.units)
    came = total(item.element_mol(element) for _, name, item in taken if name == "black mass")
    bought = total(item.element_mol(element) for _, name, item in taken if reagent_of(name) == "lithium carbonate bought")
    products = [name for name in flowsheet.products.values() if name != "sodium sulfate"]
    if element in METALS:
        products = [name for name in products if name != "lithium carbonate"]
    if element == "Li" and flowsheet.route != "direct":
        products = ["lithium carbonate"]
    went = total(item.element_mol(element) for name in products for item in flowsheet.streams(name))
    return (went - bought) / np.maximum(came, 1e-12)


def _reused(units: Sequence[Unit], fresh: Array) -> Array:
    """Return the water that is used again: what the tank draws from condensates, and what liquors bring back."""
    given = {name: item for unit in units for name, item in unit.outputs.items()}
    tank = total(item.mass_of("H2O") for name, item in given.items() if name.startswith(WATER_TO)) - fresh
    return tank + total(given[name].mass_of("H2O") for name in _RETURNED if name in given)
