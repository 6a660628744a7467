"""Pages of `vnest regenerate … --html`: where every element went, what it cost, and what drives a claim, in English and Chinese.

Each is one file that needs nothing but a browser, as `report.html` is: Plotly's script stands in it and nothing is fetched.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps

from vehiclenest.core.page import plotly_script, security_policy
from vehiclenest.loop.regenerate import BOUNDARY_NAMES, Check, Outcome, Row, element_table
from vehiclenest.site.files import whole_file
from vehiclenest.site.report import asset

_TEMPLATES = Path(__file__).with_name("templates")
_ELEMENTS = ("Li", "Ni", "Co", "Mn", "C", "S", "Na", "P", "F", "Fe", "Al", "Cu")


def write_run_page(outcome: Outcome, limits: Sequence[Check], path: Path, generated: datetime) -> None:
    """Write the page of one run; whole or not at all. Raises `InputError` where the folder cannot be written."""
    _write(path, generated, outcomes=[outcome], limits=limits, rows=[], runs=0)


def write_claims_page(outcomes: Sequence[Outcome], rows: Sequence[Row], runs: int, path: Path, generated: datetime) -> None:
    """Write the page of the claims, with the routes that they compare; whole or not at all. Raises as `write_run_page`."""
    _write(path, generated, outcomes=outcomes, limits=[], rows=rows, runs=runs)


def _write(
    path: Path, generated: datetime, *, outcomes: Sequence[Outcome], limits: Sequence[Check], rows: Sequence[Row], runs: int
) -> None:
    scripts = {"plotly": plotly_script(), "own": asset("regenerate.js")}
    page = (
        _environment()
        .get_template("regenerate.html")
        .render(
            feed=outcomes[0].feed,
            outcomes=outcomes,
            limits=limits,
            claims=_claims(rows),
            runs=runs,
            generated=generated.astimezone(UTC),
            style=asset("report.css"),
            scripts=scripts,
            policy=security_policy(scripts.values()),
            data=htmlsafe_json_dumps(_chart_data(outcomes, rows)),
        )
    )
    with whole_file(path) as file:
        file.write(page.encode("utf-8", "backslashreplace").decode("utf-8"))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    own: dict[str, Any] = {"name": _name}
    environment.globals.update(own)
    return environment


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(asset("regenerate_names.toml"))


def _name(kind: str, value: str) -> dict[str, str]:
    """Return what the page calls a value in both languages; what has no Chinese name is shown as it is."""
    english = BOUNDARY_NAMES.get(value, value) if kind == "boundary" else value
    return {"en": english, "zh": _names()[kind].get(value, value)}


def _stream(name: str) -> dict[str, str]:
    """Name a stream; ``sulfuric acid to leach`` is named by its parts."""
    known = _names()["stream"]
    what, joint, where = name.partition(" to ")
    if name in known or not joint:
        return {"en": name, "zh": known.get(name, name)}
    return {"en": name, "zh": f"{known.get(what, what)} → {known.get(where, where)}"}


def _claims(rows: Sequence[Row]) -> list[list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.claim, []).append(row)
    return list(grouped.values())


def _chart_data(outcomes: Sequence[Outcome], rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "outcomes": [
            {
                "route": _name("route", outcome.flowsheet.route),
                "flows": _flows(outcome),
                "money": _money_bars(outcome),
            }
            for outcome in outcomes
        ],
        "drivers": [
            {
                "claim": _name("claim", row.says),
                "boundary": _name("boundary", row.boundary),
                "bars": [{"name": name, "value": value} for name, value in row.drivers],
            }
            for row in rows
            if row.drivers
        ],
    }


def _flows(outcome: Outcome) -> list[dict[str, Any]]:
    """Return per element what came in and went out by stream, in kg; bands thinner than a thousandth of the element are left out."""
    table = element_table(outcome.flowsheet)
    found: list[dict[str, Any]] = []
    for element in _ELEMENTS:
        flows = [(name, row[element]) for name, row in table.items() if element in row]
        whole = sum(kg for _, kg in flows if kg > 0)
        shown = [{"name": _stream(name), "kg": kg} for name, kg in flows if abs(kg) >= 1e-3 * whole]
        if shown:
            found.append({"element": element, "kg": whole, "flows": shown})
    return found


def _money_bars(outcome: Outcome) -> list[dict[str, Any]]:
    """Return a waterfall: what is sold from the largest down, then costs from the largest down, then what is left."""
    bars: list[dict[str, Any]] = []
    at = Decimal(0)
    revenue = [(name, amount, "gain") for name, amount in outcome.money.revenue.items()]
    costs = [(name, -amount, "expense") for name, amount in outcome.money.costs.items()]
    for name, amount, colour in sorted((*revenue, *costs), key=lambda entry: (entry[1] < 0, -abs(entry[1]))):
        bars.append(
            {"name": _stream(name), "value": float(amount), "start": float(at), "colour": colour, "text": f"{amount:,.0f}"}
        )
        at += amount
    left = {"en": "left for the feed", "zh": "可用于购买原料"}
    return [*bars, {"name": left, "value": float(at), "start": 0.0, "colour": "total", "text": f"{at:,.0f}"}]
