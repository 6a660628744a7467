"""What running a route costs and brings, and what the plant costs; a figure that nobody publishes stays missing.

Labour and equipment per tonne of cell are Ma et al.'s, the plant's price is Neometals' scaled by capacity. For the one-step route no
public figure of either was found: its labour and capital are None, never an estimate.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from vehiclenest.loop.regenerate.accounts import REAGENTS, Accounts
from vehiclenest.loop.regenerate.balance import external
from vehiclenest.loop.regenerate.parameters import Values
from vehiclenest.loop.regenerate.plant import Flowsheet, Route
from vehiclenest.loop.regenerate.stream import Stream

CURRENCY = "CNY"
LABOUR_MISSING = "labour of the one-step route in h or CNY per t: no public figure found"
CAPITAL_MISSING = "equipment investment of the one-step route: no public figure found"
_PLANTS: Mapping[Route, str] = {"hydro": "hydro_plant", "direct": "direct_plant"}
_WATERY = ("sewage", "bleed", "scrubber")


@dataclass(frozen=True, slots=True)
class Money:
    """Money of the feed in CNY, by purpose; costs are positive. `capital` is the plant's price; None is not published."""

    costs: Mapping[str, Decimal]
    revenue: Mapping[str, Decimal]
    labour_h: float | None
    capital: Decimal | None
    missing: tuple[str, ...]
    currency: str = CURRENCY


def money(flowsheet: Flowsheet, found: Accounts, mass_t: float, values: Values) -> Money:
    """Price a solved flowsheet of one run."""

    def of(name: str) -> float:
        return float(values[name][0])

    costs = {name: float(mass[0]) / 1000 * of(f"price.{REAGENTS[name]}") for name, mass in found.reagents_kg.items()}
    costs["electricity"] = float(found.electricity_kwh[0]) * of("price.electricity")
    costs["fuel"] = float(found.fuel_kwh[0]) * of("price.fuel")
    costs["water"] = float(found.fresh_water_kg[0]) / 1000 * of("price.water")
    for name, item in residues(flowsheet).items():
        kind = "sewage" if name.startswith(_WATERY) else "residue"
        costs[kind] = costs.get(kind, 0.0) + float(item.mass_kg[0]) / 1000 * of(f"price.{kind}")
    plant = _PLANTS.get(flowsheet.route)
    labour_h = capital = None
    if plant:
        labour = mass_t / of("plant.black_mass_per_cell") * of(f"{plant}.labour")
        costs["labour"], labour_h = labour, labour / of("price.hour")
        capital = _capital(plant, of)
    revenue = {
        name: float(flowsheet.main_kg(name)[0]) / 1000 * of(f"revenue.{name.replace(' ', '_')}") for name in flowsheet.products
    }
    missing = () if plant else (LABOUR_MISSING, CAPITAL_MISSING)
    return Money(_exact(costs), _exact(revenue), labour_h, capital, missing)


def residues(flowsheet: Flowsheet) -> dict[str, Stream]:
    """Return what leaves the plant and is neither product nor gas, by name of the stream."""
    products = set(flowsheet.products.values())
    _, given = external(flowsheet.units)
    return {
        name: item
        for _, name, item in given
        if name not in products and any(not kind.endswith("(g)") and amount.any() for kind, amount in item.amounts.items())
    }


def gases(flowsheet: Flowsheet) -> dict[str, Stream]:
    """Return what leaves the plant as gas, by name of the stream."""
    _, given = external(flowsheet.units)
    return {
        name: item
        for _, name, item in given
        if item.amounts and all(kind.endswith("(g)") for kind in item.amounts) and name not in flowsheet.products.values()
    }


def _capital(plant: str, of: Callable[[str], float]) -> Decimal:
    cells = of("plant.capacity") / of("plant.black_mass_per_cell")
    whole = of("hydro_plant.capital") * of("price.dollar")
    scaled = whole * (cells / of("hydro_plant.capital_capacity")) ** of("plant.scale_exponent")
    # Ma et al. give equipment per tonne for both routes: their ratio carries the hydrometallurgical plant's price over.
    return _decimal(scaled * of(f"{plant}.equipment") / of("hydro_plant.equipment"))


def _exact(amounts: Mapping[str, float]) -> dict[str, Decimal]:
    return {name: _decimal(amount) for name, amount in amounts.items()}


def _decimal(amount: float) -> Decimal:
    return Decimal(round(amount * 100)).scaleb(-2)
