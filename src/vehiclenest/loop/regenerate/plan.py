"""A year of mixed packs: lines, test channels, stock, reagents and products, and what it costs not to sort before shredding.

Arrivals are drawn day by day (season and scatter, seeded); the lines stand still once a year for maintenance, and the stock in front of
them follows. Ternary and iron phosphate black mass are run in campaigns of their own.
"""

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.feed import Feed, bundled_feed
from vehiclenest.loop.regenerate.outcome import Outcome, run
from vehiclenest.loop.regenerate.plant import Finish, Route
from vehiclenest.loop.regenerate.stream import Array

_TABLE = Path(__file__).with_name("plan.toml")
_FIRST, _LAST = 2000, 2200


@dataclass(frozen=True, slots=True)
class Plan:
    """A year's plan; `stock_t` is the packs in front of the lines at the end of each day."""

    year: int
    packs_t: float
    share_iron_phosphate: float
    route: Route
    finish: Finish
    lines: int
    seconds_per_module: float
    channels: Mapping[str, int]
    stock_t: Array
    floor_m2: float
    campaigns: Mapping[str, Outcome]
    unsorted_lithium_carbonate_t: float
    unverified: tuple[str, ...]

    def totals(self, what: str) -> dict[str, float]:
        """Return products or reagents of the year in t, all campaigns together."""
        found: dict[str, float] = {}
        for outcome in self.campaigns.values():
            rows = (
                {name: product["t"] or 0.0 for name, product in outcome.products().items()}
                if what == "products"
                else {name: float(mass[0]) / 1000 for name, mass in outcome.accounts.reagents_kg.items()}
            )
            for name, tonnes in rows.items():
                found[name] = found.get(name, 0.0) + tonnes
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, for JSON."""
        products = self.totals("products")
        sorted_t = products.get("lithium carbonate", 0.0)
        return {
            "year": self.year,
            "packs_t": self.packs_t,
            "share_iron_phosphate": self.share_iron_phosphate,
            "route": self.route,
            "to": self.finish,
            "black_mass_t": {name: outcome.feed.mass_t for name, outcome in self.campaigns.items()},
            "lines": self.lines,
            "seconds_per_module": self.seconds_per_module,
            "test_channels": dict(self.channels),
            "stock_t": {
                "start": float(self.stock_t[0]),
                "largest": float(np.max(self.stock_t)),
                "mean": float(np.mean(self.stock_t)),
                "end": float(self.stock_t[-1]),
            },
            "floor_m2": self.floor_m2,
            "products_t": products,
            "reagents_t": self.totals("reagents"),
            "energy_kwh": sum(float(outcome.accounts.energy_kwh[0]) for outcome in self.campaigns.values()),
            "water_t": sum(float(outcome.accounts.fresh_water_kg[0]) for outcome in self.campaigns.values()) / 1000,
            "carbon_kg": sum(float(outcome.accounts.total_carbon_kg[0]) for outcome in self.campaigns.values()),
            "lithium_carbonate_t": {
                "sorted": sorted_t,
                "unsorted": self.unsorted_lithium_carbonate_t,
                "lost_without_sorting": sorted_t - self.unsorted_lithium_carbonate_t,
            },
            "missing": sorted({name for outcome in self.campaigns.values() for name in outcome.money.missing}),
            "unverified": list(self.unverified),
        }


def plan(
    year: int,
    packs_t: float | None = None,
    share_iron_phosphate: float | None = None,
    route: Route = "hydro",
    finish: Finish = "salts",
    seed: int = 1,
) -> Plan:
    """Plan a year.

    Parameters
    ----------
    year
        Calendar year, for its days.
    packs_t, share_iron_phosphate
        Packs in t a year and the mass share of iron phosphate; the table's by default.
    route, finish
        For both campaigns.
    seed
        Of the arrivals.

    Raises
    ------
    InputError
        For a year, mass or share that cannot be, or a route that cannot treat the campaigns.
    """
    table = load_table(_TABLE)
    year_row, flow = table["year"], table["flow"]
    packs = year_row.number("packs") if packs_t is None else packs_t
    share = flow.number("iron_phosphate") if share_iron_phosphate is None else share_iron_phosphate
    if not _FIRST <= year <= _LAST:
        raise InputError(f"{year} is no year to plan", expected=f"{_FIRST} to {_LAST}")
    if not (math.isfinite(packs) and 0 < packs <= 1e8):  # noqa: PLR2004  # more than all batteries there are
        raise InputError(f"{packs:g} t of packs a year", expected="more than 0, at most 100,000,000")
    if not 0 <= share <= 1:
        raise InputError(f"an iron phosphate share of {share:g}", expected="from 0 to 1")
    black_mass = packs * flow.number("black_mass")
    modules = packs * 1000 / year_row.number("pack") * year_row.number("modules")
    running_s = year_row.number("hours") * 3600
    lines = math.ceil(black_mass / year_row.number("hours") / flow.number("line") - 1e-9)
    capacity = lines * flow.number("line") * year_row.number("hours") / flow.number("black_mass")
    stock = _stock(year, packs, capacity, seed)
    feeds = {"nmc622": 1 - share, "lfp": share}
    campaigns = {
        name: run(_scaled(bundled_feed(name), black_mass * part), route, finish) for name, part in feeds.items() if part > 0
    }
    # A mix is not what direct recycling can treat: unsorted packs would then go through acid.
    mixed = run(_mixed(black_mass, share), "hydro" if route == "direct" else route, finish)
    unsorted = mixed.products().get("lithium carbonate", {"t": 0.0})["t"] or 0.0
    numbers = (*year_row.unverified, *flow.unverified, *table["tests"].unverified)
    return Plan(
        year,
        packs,
        share,
        route,
        finish,
        lines,
        running_s / modules,
        {name: math.ceil(modules * test.value / running_s - 1e-9) for name, test in table["tests"].items()},
        stock,
        float(np.max(stock)) / flow.number("floor"),
        campaigns,
        unsorted,
        tuple(dict.fromkeys([*numbers, *(name for outcome in campaigns.values() for name in outcome.unverified)])),
    )


def _stock(year: int, packs_t: float, capacity_t: float, seed: int) -> Array:
    """Return the packs in front of the lines at the end of each day, in t.

    The lines take up to their capacity on every day that they run, as far as there is anything.
    """
    flow = load_table(_TABLE)["flow"]
    days = 366 if calendar.isleap(year) else 365
    season = 1 - flow.number("swing") * np.sin(2 * np.pi * (np.arange(days) + 0.5) / days)
    scatter = np.random.default_rng([seed, year]).normal(1.0, flow.number("scatter"), days)
    arrivals = np.maximum(season * scatter, 0.0)
    arrivals *= packs_t / arrivals.sum()
    stoppage = int(flow.number("stoppage"))
    start = (days - stoppage) // 2
    running = np.ones(days)
    running[start : start + stoppage] = 0
    capacity = running * capacity_t / running.sum()
    held = flow.number("days_of_stock") * packs_t / days
    stock = np.empty(days)
    for day in range(days):
        held = max(held + arrivals[day] - capacity[day], 0.0)
        stock[day] = held
    return stock


def _scaled(feed: Feed, mass_t: float) -> Feed:
    amounts = {name: amount * mass_t / feed.mass_t for name, amount in feed.amounts.items()}
    return Feed(feed.name, mass_t, feed.composition, amounts, feed.parameters)


def _mixed(mass_t: float, share: float) -> Feed:
    """Return both black masses shredded together."""
    ternary, phosphate = bundled_feed("nmc622"), bundled_feed("lfp")
    parts = ((_scaled(feed, mass_t * part), part) for feed, part in ((ternary, 1 - share), (phosphate, share)) if part > 0)
    amounts: dict[str, float] = {}
    composition: dict[str, float] = {}
    for feed, part in parts:
        for name, amount in feed.amounts.items():
            amounts[name] = amounts.get(name, 0.0) + amount
        for name, fraction in feed.composition.items():
            composition[name] = composition.get(name, 0.0) + fraction * part
    return Feed("unsorted", mass_t, composition, amounts)
