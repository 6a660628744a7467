"""The routes side by side at the three boundaries; a route that has nothing to show at a boundary says why."""

from typing import Any

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.accounts import BOUNDARIES, Boundary, accounts, recovery
from vehiclenest.loop.regenerate.feed import Feed
from vehiclenest.loop.regenerate.money import CAPITAL_MISSING, LABOUR_MISSING, money
from vehiclenest.loop.regenerate.outcome import solve
from vehiclenest.loop.regenerate.parameters import chosen
from vehiclenest.loop.regenerate.plant import ROUTES, Finish, Route

BOUNDARY_NAMES = {"lithium": "lithium circuit", "oxide": "to mixed oxide", "salts": "to battery-grade salts"}


def compare(feed: Feed) -> list[dict[str, Any]]:
    """Return a row a boundary and route, per t of black mass: energy, reagents, carbon, recovery, labour and capital.

    Labour and capital are of a whole plant and stand at the last boundary only; `refused` says why a route has no row's figures.
    """
    return [_row(feed, boundary, route) for boundary in BOUNDARIES for route in ROUTES]


def _row(feed: Feed, boundary: Boundary, route: Route) -> dict[str, Any]:
    row: dict[str, Any] = {"boundary": boundary, "boundary_name": BOUNDARY_NAMES[boundary], "route": route, "refused": None}
    if route == "direct" and boundary != "salts":
        return row | {"refused": "direct recycling keeps the cathode material whole: it has no lithium circuit and no oxide"}
    finish: Finish = "oxide" if boundary == "oxide" else "salts"
    values = chosen(feed.parameters)
    try:
        flowsheet = solve(feed, route, finish, values)
    except InputError as error:
        if route != "direct":
            raise
        return row | {"refused": error.reason}
    found = accounts(flowsheet, boundary, values)
    plant = money(flowsheet, found, feed.mass_t, values)
    lithium = float(recovery(flowsheet, "Li")[0])
    whole = boundary == "salts"
    return row | {
        "energy_kwh_per_t": float(found.energy_kwh[0]) / feed.mass_t,
        "reagents_kg_per_t": float(found.reagent_kg[0]) / feed.mass_t,
        "reagents": {name: float(mass[0]) / feed.mass_t for name, mass in found.reagents_kg.items()},
        "carbon_kg_per_t": float(found.total_carbon_kg[0]) / feed.mass_t,
        "lithium_recovery": lithium,
        "labour_h_per_t": plant.labour_h / feed.mass_t if whole and plant.labour_h is not None else None,
        "capex_cny": str(plant.capital) if whole and plant.capital is not None else None,
        "missing": [LABOUR_MISSING, CAPITAL_MISSING] if route == "one-step" else [],
    }
