"""What every flowsheet is built of: filters, driers, evaporators, the water tank, and the loop that a recycle is solved by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.species import REFERENCE_K, all_species, species
from vehiclenest.loop.regenerate.stream import ZERO_C, Amounts, Array, Mask, Stream, Unit, Vessel, merged, total

Route = Literal["hydro", "direct", "one-step"]
Finish = Literal["oxide", "salts"]
ROUTES: tuple[Route, ...] = ("hydro", "direct", "one-step")
METALS = ("Ni", "Co", "Mn")
GASES = tuple(name for name in all_species() if name.endswith("(g)"))
DISSOLVED = tuple(name for name in all_species() if name.endswith("(aq)"))
SOLIDS = tuple(name for name in all_species() if "(" not in name and name != "H2O")
# What a product is paid for and its purity is counted in; crystals come out pure because no impurity of theirs is modelled.
MAIN_SPECIES = {
    "lithium carbonate": ("Li2CO3",),
    "nickel sulfate hexahydrate": ("NiSO10H12",),
    "cobalt sulfate heptahydrate": ("CoSO11H14",),
    "manganese sulfate monohydrate": ("MnSO5H2",),
    "mixed oxide": ("NiO", "CoO", "MnO"),
    "sodium sulfate": ("Na2SO4",),
    "graphite": ("C",),
    "regenerated cathode": ("LiNiO2", "LiCoO2", "LiMnO2", "LiMn2O4", "LiFePO4"),
}
WATER_TO, CONDENSATE = "water to ", "condensate of "
LOOP_TOLERANCE = 1e-10
_LOOP_ROUNDS, _SETTLING, _STEEPEST = 400, 8, 0.9995
_WATER_KG = species("H2O").molar_mass_kg
_DRYING_K = 105 + ZERO_C


@dataclass(frozen=True, slots=True)
class Flowsheet:
    """A solved flowsheet.

    `products` maps the name of a product to the name of its stream; `loop_error` is the largest relative change of a recycle in the
    last round, `loop_rounds` how many there were.
    """

    route: Route
    finish: Finish
    units: Sequence[Unit]
    products: Mapping[str, str]
    loop_error: float
    loop_rounds: int

    def main_kg(self, product: str) -> Array:
        """Return the mass of what a product is paid for, in kg."""
        return total(item.mass_of(*MAIN_SPECIES[product]) for item in self.streams(self.products[product]))

    def streams(self, name: str) -> list[Stream]:
        """Return the streams of a name that units give out."""
        return [unit.outputs[name] for unit in self.units if name in unit.outputs]


def celsius(values: Values, name: str) -> Array:
    """Return a temperature parameter in K."""
    return values[name] + ZERO_C


def water(kg: Array) -> Stream:
    """Return water of a mass at 25 °C."""
    return cold({"H2O": kg / _WATER_KG})


def cold(amounts: Mapping[str, Array]) -> Stream:
    """Return a stream at 25 °C."""
    return at(amounts, np.full(1, REFERENCE_K))


def at(amounts: Mapping[str, Array], temperature_k: Array) -> Stream:
    """Return a stream at a temperature, species without any amount left out."""
    return Stream({name: amount for name, amount in amounts.items() if np.any(amount)}, temperature_k)


def joined(*amounts: Amounts) -> Amounts:
    """Return amounts together."""
    return merged(cold(item) for item in amounts)


def water_kg(amounts: Mapping[str, Array]) -> Array:
    """Return the mass of liquid water in kg."""
    return total([amounts["H2O"]] if "H2O" in amounts else []) * _WATER_KG


def filtered(vessel: Vessel, values: Values, moisture: str, solids: Iterable[str] = SOLIDS) -> Amounts:
    """Take the wet cake out of a vessel: solids, and the liquor that washing left in their moisture.

    Wash water, as much as the cake keeps, is among what went into the vessel (`wash_kg`).
    """
    cake = vessel.take(solids)
    held = cake_water_kg(cake, values, moisture)
    liquor = water_kg(vessel.amounts)
    share = np.minimum(held * (1 - values["common.wash"]) / np.maximum(liquor, 1e-9), 1.0)
    return joined(cake, vessel.take(DISSOLVED, share), vessel.take(["H2O"], held / np.maximum(liquor, 1e-9)))


def cake_water_kg(cake: Mapping[str, Array], values: Values, moisture: str) -> Array:
    """Return the water that a cake holds, and so the wash water that replaces it, in kg."""
    return total(amount * species(name).molar_mass_kg for name, amount in cake.items()) * values[f"common.{moisture}"]


def dried(name: str, stage: str, cake: tuple[str, Stream], product: str, values: Values) -> Unit:
    """Dry a cake; the dissolved that its moisture holds stays as it is booked, the water leaves as vapour."""
    vessel = Vessel({cake[0]: cake[1]})
    vessel.use_up("H2O -> H2O(g)", "H2O")
    vapour = vessel.take(["H2O(g)"])
    outputs = {product: at(vessel.rest(), np.full(1, _DRYING_K)), f"vapour of {name}": at(vapour, np.full(1, _DRYING_K))}
    return vessel.finish(name, stage, outputs, efficiency=values["common.boiler_efficiency"])


def products(names: Iterable[str], units: Sequence[Unit]) -> dict[str, str]:
    """Return which of the names units give out as a product: with something in it that it is paid for."""
    given = {name: item for unit in units for name, item in unit.outputs.items()}
    return {name: name for name in names if name in given and np.any(given[name].mass_of(*MAIN_SPECIES[name]) > 0)}


def drives(name: str, kwh: Array, stage: str) -> Unit:
    """Return the electricity of pumps, mills, stirrers and filters, as a unit without streams."""
    return Vessel({}).finish(name, stage, {}, electricity_kwh=kwh)


def evaporation_kwh(evaporated_kg: Array, values: Values) -> Array:
    """Return the electricity of vapour recompression."""
    return evaporated_kg / 1000 * values["refine.vapour_recompression"]


def water_tank(units: Sequence[Unit], values: Values, stage: str) -> Unit:
    """Return the tank that condensates run into and process water is drawn from; what is short is fresh, what is lost is sewage."""
    wanted = {name: item for unit in units for name, item in unit.inputs.items() if name.startswith(WATER_TO)}
    condensates = {name: item for unit in units for name, item in unit.outputs.items() if name.startswith(CONDENSATE)}
    need, held = (total(item.amounts["H2O"] for item in side.values() if "H2O" in item.amounts) for side in (wanted, condensates))
    fresh = np.maximum(need - held * (1 - values["common.water_lost"]), 0.0)
    vessel = Vessel({**condensates, "fresh water": cold({"H2O": fresh})})
    outputs = {**wanted, "sewage of water tank": cold({"H2O": held + fresh - need})}
    return vessel.finish("water tank", stage, outputs)


def solve_loop(step: Callable[[Amounts], tuple[list[Unit], Amounts]]) -> tuple[list[Unit], float, int]:
    """Repeat a part of a flowsheet with what it gave back until that no longer changes.

    Every eighth round is a Wegstein step, species by species, when only the slowest change is left: what a small bleed alone holds in
    check would else take hundreds.

    Parameters
    ----------
    step
        Takes the recycle in mol by species; returns the units and the recycle that they give back.

    Returns
    -------
    units, error, rounds
        Units of the last round, the largest relative change in it, and how many rounds there were.

    Raises
    ------
    VehicleNestError
        Where the loop does not settle.
    """
    recycle: Amounts = {}
    before: tuple[Amounts, Amounts] | None = None
    cautious: tuple[Amounts, Array] | None = None  # what plain repetition would have sent, and the error it started from
    for rounds in range(1, _LOOP_ROUNDS + 1):
        units, given = step(recycle)
        error = _change(recycle, given)
        if np.max(error) <= LOOP_TOLERANCE:
            return units, float(np.max(error)), rounds
        following = given
        if cautious:
            following, before, cautious = _where(error > cautious[1], cautious[0], given), None, None
        elif before and rounds % _SETTLING == 0:
            following, cautious = _wegstein(before, recycle, given), (given, error)
        before, recycle = (recycle, given), following
    raise VehicleNestError(
        f"a recycle did not settle within {_LOOP_ROUNDS} rounds",
        expected=f"a bleed or a purge that lets its relative change come below {LOOP_TOLERANCE:g}",
    )


def _where(condition: Mask, these: Amounts, those: Amounts) -> Amounts:
    nothing = np.zeros(1)
    return {name: np.where(condition, these.get(name, nothing), those.get(name, nothing)) for name in {**these, **those}}


def _wegstein(before: tuple[Amounts, Amounts], recycle: Amounts, given: Amounts) -> Amounts:
    """Extrapolate each species by the slope of its last two rounds."""
    following: Amounts = {}
    for name, now in given.items():
        earlier, old = (amounts.get(name, np.zeros(1)) for amounts in before)
        sent = recycle.get(name, np.zeros(1))
        moved = sent - earlier
        steep = np.abs(moved) > 1e-12 * np.maximum(np.abs(now), 1.0)
        slope = np.where(steep, (now - old) / np.where(steep, moved, 1.0), 0.0)
        slope = np.clip(slope, 0.0, _STEEPEST)
        # Twice or half at most: behind a kink (a salt that saturates, a crystal that appears) the slope is another.
        following[name] = np.clip(sent + (now - sent) / (1 - slope), now / 2, 2 * now)
    return following


def _change(before: Amounts, after: Amounts) -> Array:
    """Return per run the largest relative change of a species; of one that is next to nothing, against the whole."""
    largest = np.zeros(1)
    whole = np.maximum(total(np.abs(amount) for amount in after.values()), 1e-9)
    for name in {*before, *after}:
        old, new = before.get(name, np.zeros(1)), after.get(name, np.zeros(1))
        largest = np.maximum(largest, np.abs(new - old) / np.maximum(np.abs(new), 1e-4 * whole))
    return largest
