"""Run a feed through a route: the outcome as numbers, with closure, where the lithium and the graphite went, and what is unverified."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate import carbonate
from vehiclenest.loop.regenerate.accounts import Accounts, Boundary, accounts, recovery
from vehiclenest.loop.regenerate.balance import element_closure, enthalpy_closure, external
from vehiclenest.loop.regenerate.direct import direct, refuse_mix
from vehiclenest.loop.regenerate.feed import Feed
from vehiclenest.loop.regenerate.graphite import FATES, Fate
from vehiclenest.loop.regenerate.hydro import hydro
from vehiclenest.loop.regenerate.money import CURRENCY, Money, gases, money, residues
from vehiclenest.loop.regenerate.one_step import one_step
from vehiclenest.loop.regenerate.parameters import Values, chosen, parameters
from vehiclenest.loop.regenerate.plant import METALS, ROUTES, Finish, Flowsheet, Route
from vehiclenest.loop.regenerate.refine import SALTS
from vehiclenest.loop.regenerate.species import elements, molar_mass_kg, species
from vehiclenest.loop.regenerate.stream import Array, Stream, total

FINISHES: tuple[Finish, ...] = ("oxide", "salts")
_GROUPS: Mapping[Route, frozenset[str]] = {
    "hydro": frozenset({"hydro", "refine", "common"}),
    "one-step": frozenset({"one_step", "hydro", "refine", "common"}),
    "direct": frozenset({"direct", "common"}),
}
_MONEY_GROUPS = frozenset({"carbon", "price", "revenue", "plant", "hydro_plant", "direct_plant"})
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """A feed that went through a route: the flowsheet, its accounts and money, as one run."""

    feed: Feed
    flowsheet: Flowsheet
    fate: Fate
    accounts: Accounts
    money: Money
    closure: Mapping[str, float]
    enthalpy_closure: float
    recovery: Mapping[str, float]
    unverified: tuple[str, ...]

    def products(self) -> dict[str, dict[str, float | None]]:
        """Return every product's mass in t and purity by mass, None where impurities are not modelled."""
        return {
            name: {
                "t": float(item.mass_kg[0]) / 1000,
                "purity": None if name in SALTS else float(self.flowsheet.main_kg(name)[0] / item.mass_kg[0]),
            }
            for name, stream in self.flowsheet.products.items()
            for item in self.flowsheet.streams(stream)
        }

    def whereabouts(self, element: str) -> dict[str, float]:
        """Return where an element of the feed and reagents left: ``species in stream`` → share, largest first."""
        _, given = external(self.flowsheet.units)
        found: dict[str, float] = {}
        for _, stream, item in given:
            for name, amount in item.amounts.items():
                count = species(name).atoms.get(element, 0)
                if count and amount[0] > _NOTHING:
                    found[f"{name} in {stream}"] = found.get(f"{name} in {stream}", 0.0) + float(amount[0]) * count
        whole = sum(found.values())
        return {name: amount / whole for name, amount in sorted(found.items(), key=lambda entry: -entry[1]) if whole}

    def bound(self) -> dict[str, float]:
        """Return in what form the roast leaves the lithium, species → share; empty for routes without a roast."""
        calcine = next(iter(self.flowsheet.streams("calcine")), None)
        if calcine is None:
            return {}
        whole = float(calcine.element_mol("Li")[0])
        shares = {
            name: float(amount[0]) * species(name).atoms.get("Li", 0) / whole for name, amount in calcine.amounts.items() if whole
        }
        return {name: share for name, share in sorted(shares.items(), key=lambda entry: -entry[1]) if share > _NOTHING}

    def graphite(self) -> dict[str, float]:
        """Return the fate of the feed's elemental carbon: what left as carbon in which stream, the rest went into reactions."""
        came = float(self.feed.amounts.get("C", 0.0))
        _, given = external(self.flowsheet.units)
        if not came:
            return {}
        # Carbon of the binder chars and goes with the graphite: what is left over a share of 1 is that.
        found = {name: float(item.amounts["C"][0]) / came for _, name, item in given if "C" in item.amounts}
        return found | {"oxidised": max(1 - sum(found.values()), 0.0)}

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain data, for JSON."""
        found, costs = self.accounts, self.money
        total_cost = sum(costs.costs.values(), start=Decimal(0))
        return {
            "feed": self.feed.name,
            "mass_t": self.feed.mass_t,
            "route": self.flowsheet.route,
            "to": self.flowsheet.finish,
            "graphite": {"fate": self.fate, "went": self.graphite()},
            "products": self.products(),
            "recovery": dict(self.recovery),
            "lithium_after_roast": self.bound(),
            "lithium_went": self.whereabouts("Li"),
            "residues_t": {name: float(item.mass_kg[0]) / 1000 for name, item in residues(self.flowsheet).items()},
            "gases_t": {name: float(item.mass_kg[0]) / 1000 for name, item in gases(self.flowsheet).items()},
            "closure": dict(self.closure),
            "enthalpy_closure": self.enthalpy_closure,
            "loop": {"rounds": self.flowsheet.loop_rounds, "relative_change": self.flowsheet.loop_error},
            "energy_kwh": float(found.energy_kwh[0]),
            "energy_by_carrier_kwh": {"electricity": float(found.electricity_kwh[0]), "fuel": float(found.fuel_kwh[0])},
            "reagents_t": {name: float(mass[0]) / 1000 for name, mass in found.reagents_kg.items()},
            "water_t": float(found.fresh_water_kg[0]) / 1000,
            "water_reuse": self.water_reuse,
            "labour_h": costs.labour_h,
            "capex": None if costs.capital is None else {"amount": str(costs.capital), "currency": CURRENCY},
            "opex": {
                "amount": str(total_cost),
                "currency": CURRENCY,
                "by": {name: str(amount) for name, amount in costs.costs.items()},
                "without": ["labour"] if costs.labour_h is None else [],
            },
            "revenue": {
                "amount": str(sum(costs.revenue.values(), start=Decimal(0))),
                "currency": CURRENCY,
                "by": {name: str(amount) for name, amount in costs.revenue.items()},
            },
            "carbon_kg": float(found.total_carbon_kg[0]),
            "carbon_by_source_kg": {name: float(amount[0]) for name, amount in found.carbon_kg.items()},
            "missing": list(costs.missing),
            "units": list(self._unit_rows()),
            "unverified": list(self.unverified),
        }

    @property
    def water_reuse(self) -> float | None:
        """Share of the water used that had been used before; None where no water is used."""
        fresh, reused = float(self.accounts.fresh_water_kg[0]), float(self.accounts.reused_water_kg[0])
        return reused / (fresh + reused) if fresh + reused > 0 else None

    def _unit_rows(self) -> Iterator[dict[str, Any]]:
        for unit in self.flowsheet.units:
            yield {
                "unit": unit.name,
                "stage": unit.stage,
                "in": {name: _stream_row(item) for name, item in unit.inputs.items()},
                "out": {name: _stream_row(item) for name, item in unit.outputs.items()},
                "heat_kwh": float(unit.duty_j[0]) / 3.6e6,
                "electricity_kwh": float(unit.electricity_kwh[0]),
                "fuel_kwh": float(unit.fuel_kwh[0]),
            }


def run(feed: Feed, route: Route, finish: Finish = "salts", fate: Fate = "kept") -> Outcome:
    """Run a feed through a route.

    Parameters
    ----------
    feed
        What goes in, with the parameters that its file sets.
    route, finish, fate
        The route; how far nickel, cobalt and manganese are refined; what becomes of graphite.

    Raises
    ------
    InputError
        For a parameter that cannot be, a feed that the route cannot treat, or boiling water.
    """
    values = chosen(feed.parameters)
    flowsheet = solve(feed, route, finish, values, fate)
    boundary: Boundary = flowsheet.finish
    found = accounts(flowsheet, boundary, values)
    return Outcome(
        feed,
        flowsheet,
        fate,
        found,
        money(flowsheet, found, feed.mass_t, values),
        element_closure(flowsheet.units),
        enthalpy_closure(flowsheet.units),
        {element: float(recovery(flowsheet, element)[0]) for element in ("Li", *METALS) if _holds(feed, element)},
        _unverified(feed, flowsheet),
    )


def solve(feed: Feed, route: Route, finish: Finish, values: Values, fate: Fate = "kept") -> Flowsheet:
    """Solve a route for all runs of the parameters; raises `InputError` as `run`."""
    for name, word, words in (("route", route, ROUTES), ("end", finish, FINISHES), ("fate of graphite", fate, FATES)):
        if word not in words:
            raise InputError(f"{word!r} is no {name}", expected=f"one of {', '.join(words)}")
    amounts = {name: np.array([amount]) for name, amount in feed.amounts.items()}
    if route == "direct":
        refuse_mix(feed, float(values["direct.impurity_limit"][0]))
        return direct(amounts, values)
    return (hydro if route == "hydro" else one_step)(amounts, values, finish, fate)


def _holds(feed: Feed, element: str) -> bool:
    return any(amount and element in species(name).atoms for name, amount in feed.amounts.items())


def _stream_row(item: Stream) -> dict[str, Any]:
    amounts: Mapping[str, Array] = item.amounts
    return {
        "celsius": float(item.temperature_k[0]) - 273.15,
        "kg": {name: float(amount[0]) * species(name).molar_mass_kg for name, amount in amounts.items() if amount[0]},
    }


def _unverified(feed: Feed, flowsheet: Flowsheet) -> tuple[str, ...]:
    groups = _GROUPS[flowsheet.route] | _MONEY_GROUPS
    names = [constant.name for name, constant in parameters().items() if name.split(".")[0] in groups and constant.unverified]
    used = {name for unit in flowsheet.units for item in (*unit.inputs.values(), *unit.outputs.values()) for name in item.amounts}
    names += [number for name in sorted(used) for number in species(name).unverified]
    names += carbonate.unverified() if flowsheet.route != "direct" else ()
    return tuple(dict.fromkeys((*feed.unverified, *(name for name in names if name not in feed.parameters))))


def element_table(flowsheet: Flowsheet) -> dict[str, dict[str, float]]:
    """Return kg of every element in each stream that crosses the plant's boundary: stream → element → kg, negative is in."""
    table: dict[str, dict[str, float]] = {}
    for side, sign in zip(external(flowsheet.units), (-1.0, 1.0), strict=True):
        for _, name, item in side:
            for element in elements():
                kg = float(total([item.element_mol(element)])[0]) * molar_mass_kg(element) * sign
                if abs(kg) > _NOTHING:
                    row = table.setdefault(name, {})
                    row[element] = row.get(element, 0.0) + kg
    return table
