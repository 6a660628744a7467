"""Species → the substances that mass is booked under, and what crosses the plant's boundary by what it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from vehiclenest.loop.regenerate.accounts import reagent_of
from vehiclenest.loop.regenerate.balance import external
from vehiclenest.loop.regenerate.direct import TOP_UP
from vehiclenest.loop.regenerate.outcome import Outcome
from vehiclenest.loop.regenerate.plant import Flowsheet
from vehiclenest.loop.regenerate.species import molar_mass_kg, species
from vehiclenest.loop.regenerate.stream import Stream

_ELEMENTS = {"Li": "lithium", "Ni": "nickel", "Co": "cobalt", "Mn": "manganese"}
_PURE = {"C": "graphite", "Al": "aluminium", "Cu": "copper", "Fe": "steel"}
_OTHER, _TRACE_KG = "other", 1e-12


@dataclass(frozen=True, slots=True)
class Crossing:
    """Mass in kg by substance that crosses the plant's boundary, by name: bought inputs, products, residues and gases."""

    bought: Mapping[str, Mapping[str, float]]
    products: Mapping[str, Mapping[str, float]]
    residues: Mapping[str, Mapping[str, float]]
    gases: Mapping[str, Mapping[str, float]]


def substances(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return kg by substance of mol by species: battery metals by element, graphite and foils where pure, the rest as other."""
    found: dict[str, float] = {}
    for name, amount in amounts.items():
        left = amount * species(name).molar_mass_kg
        if name in _PURE:
            found[_PURE[name]] = found.get(_PURE[name], 0.0) + left
            continue
        for element, substance in _ELEMENTS.items():
            count = species(name).atoms.get(element, 0)
            if count:
                kg = amount * count * molar_mass_kg(element)
                found[substance] = found.get(substance, 0.0) + kg
                left -= kg
        found[_OTHER] = found.get(_OTHER, 0.0) + max(left, 0.0)
    return {name: kg for name, kg in found.items() if kg > _TRACE_KG}


def crossing(flowsheet: Flowsheet) -> Crossing:
    """Return what crosses the boundary of a flowsheet of one run, the black mass left out."""
    taken, given = external(flowsheet.units)
    products = {stream: name for name, stream in flowsheet.products.items()}
    bought: dict[str, dict[str, float]] = {}
    sides: dict[str, dict[str, dict[str, float]]] = {"products": {}, "residues": {}, "gases": {}}
    for _, name, item in taken:
        if name != "black mass":
            _add(bought, reagent_of(name) or name.partition(" to ")[0], item)
    for _, name, item in given:
        gas = all(kind.endswith("(g)") for kind in item.amounts)
        _add(sides["products" if name in products else "gases" if gas else "residues"], products.get(name, name), item)
    return Crossing(bought, **sides)


def recycled_content(outcome: Outcome, product: str) -> dict[str, float]:
    """Return the share of each battery metal of a product that comes from the feed and not from bought material."""
    bought = crossing(outcome.flowsheet).bought.get(TOP_UP, {})
    made = crossing(outcome.flowsheet).products[product]
    return {
        substance: max(1 - bought.get(substance, 0.0) / kg, 0.0)
        for substance, kg in made.items()
        if substance in _ELEMENTS.values()
    }


def _add(side: dict[str, dict[str, float]], name: str, item: Stream) -> None:
    found = substances({kind: float(amount[0]) for kind, amount in item.amounts.items()})
    if found:
        row = side.setdefault(name, {})
        for substance, kg in found.items():
            row[substance] = row.get(substance, 0.0) + kg
