"""`report.html`: the result of a run as one page that needs nothing but a browser, in English and Chinese.

Recovery follows Commission Decision 2005/293/EC (`disclosure.recovery`). Charts are drawn by Plotly's own script, which stands in
the page; a content security policy names every script by its hash, so that nothing else runs and nothing is fetched.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from math import floor
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps

from vehiclenest.core.page import plotly_script, security_policy
from vehiclenest.disclosure import USES, Rates, recovery_rates, targets
from vehiclenest.ledger.balance import VehicleFate
from vehiclenest.loop.records import Route, Stream
from vehiclenest.site.files import whole_file
from vehiclenest.site.run import Result

_TEMPLATES = Path(__file__).with_name("templates")
_ENDS = (*(route.value for route in Route), "stock", "lost", "unaccounted")
_DEPOLLUTION = frozenset({Stream.BATTERIES, Stream.LIQUIDS, Stream.FUEL, Stream.OIL_FILTERS, Stream.OTHER_DEPOLLUTION})
_SHREDDING = frozenset({Stream.FERROUS_SCRAP, Stream.NON_FERROUS_SCRAP, Stream.SHREDDER_LIGHT_FRACTION, Stream.OTHER_SHREDDING})
_STAGES = {
    stream.value: "depollution" if stream in _DEPOLLUTION else "shredding" if stream in _SHREDDING else "dismantling"
    for stream in Stream
}
_NO_STREAM = "none"
_MOST_VEHICLES = 5_000  # a browser shows that many rows without pain
_NOTHING_KG = 1e-6  # a flow of less is the noise of adding floating-point numbers: a milligram in a vehicle
_MISSING = "–"


@dataclass(frozen=True, slots=True)
class Name:
    """What the page calls something, in both languages, and in fewer English words where there is little room."""

    en: str
    zh: str
    short: str

    def words(self) -> dict[str, str]:
        """Return the name for the page's script."""
        return {"en": self.en, "zh": self.zh, "short": self.short}


@dataclass(frozen=True, slots=True)
class Flow:
    """Mass that went from a stage of the work through a stream of 2005/293/EC to an end, in kg."""

    stage: str
    stream: str
    end: str
    kg: float


def write_report(result: Result, path: Path, *, title: str, generated: datetime, place: str) -> None:
    """Write the report of a run; whole or not at all.

    Parameters
    ----------
    result
        What the run did.
    path
        The HTML file.
    title
        Heading of the page.
    generated
        When the report was made, with zone.
    place
        Whose rules the run followed: cn or eu.

    Raises
    ------
    InputError
        Where the folder cannot be written.
    """
    page = _page(result, title, generated.astimezone(UTC), place)
    with whole_file(path) as file:
        # A file name that is no UTF-8 carries lone surrogates, which no UTF-8 page can hold.
        file.write(page.encode("utf-8", "backslashreplace").decode("utf-8"))


def flows(vehicles: Iterable[VehicleFate]) -> list[Flow]:
    """Return where the mass of vehicles went, in the order of the decision's streams; the flows sum to the mass of the vehicles."""
    kg: defaultdict[tuple[str, str], float] = defaultdict(float)
    for vehicle in vehicles:
        for (end, stream), share in vehicle.shares.items():
            kg[stream or _NO_STREAM, end] += share * vehicle.mass_kg
    order = {name: place for place, name in enumerate((*_STAGES, _NO_STREAM, *_ENDS))}
    keys = sorted(kg, key=lambda key: (order.get(key[0], len(order)), order.get(key[1], len(order))))
    return [Flow(_STAGES.get(stream, _NO_STREAM), stream, end, kg[stream, end]) for stream, end in keys]


def _page(result: Result, title: str, generated: datetime, place: str) -> str:
    scripts = {"plotly": plotly_script(), "own": asset("report.js")}
    found = flows(result.vehicles)
    # Neither can be drawn as a band; both are said beside the drawing.
    negative = [flow for flow in found if flow.kg <= -_NOTHING_KG]
    currency = result.money.get("currency", "")
    net = Decimal(result.money.get("net", "0"))
    money = {purpose: Decimal(amount) for purpose, amount in result.money.items() if purpose not in {"currency", "net"}}
    recycling_target, recovery_target = targets()
    context: dict[str, Any] = {
        "title": title,
        "generated": generated,
        "place": place,
        "result": result,
        "digits": _digits(result.mass_in_kg),
        "currency": currency,
        "net": net,
        "money_digits": _money_digits(net, *money.values()),
        "flows": found,
        "negative": negative,
        "negative_kg": sum(flow.kg for flow in negative),
        "rates": [
            (
                "recycling",
                result.rates.recycling_rate,
                recycling_target,
                result.rates.recycling_verdict,
                result.rates_all.recycling_rate,
            ),
            (
                "recovery",
                result.rates.recovery_rate,
                recovery_target,
                result.rates.recovery_verdict,
                result.rates_all.recovery_rate,
            ),
        ],
        "mass": _mass_bars(result),
        "money": _money_bars(money, net, currency),
        "carbon": _carbon_bars(result),
        "table": _recovery_table(result.rates),
        "uses": USES,
        "vehicles": _vehicle_rows(result.vehicles[:_MOST_VEHICLES]),
        "listed": min(len(result.vehicles), _MOST_VEHICLES),
        "scripts": scripts,
        "style": asset("report.css"),
        "policy": security_policy(scripts.values()),
    }
    context["data"] = htmlsafe_json_dumps(_chart_data(context))
    return _environment().get_template("report.html").render(context)


@cache
def asset(name: str) -> str:
    """Return a file of the templates as text."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Any] = {"number": _number, "percent": _percent, "rate": _rate, "tonnes": _tonnes, "kg": _kg, "tiny": _tiny}
    environment.filters.update(filters)
    own: dict[str, Any] = {"name": _name}
    environment.globals.update(own)
    return environment


@cache
def _names() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads(asset("names.toml"))


def _name(kind: str, value: str) -> Name:
    words = _names()[kind].get(value) or [value, value]
    return Name(words[0], words[1], words[-1] if len(words) > 2 else words[0])  # noqa: PLR2004  # English, Chinese, short


def _number(value: float | Decimal | None, digits: int = 0) -> str:
    if value is None:
        return _MISSING
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = "−" + text[1:] if any(digit in "123456789" for digit in text) else text[1:]
    return text


def _percent(fraction: float | None, digits: int = 1) -> str:
    return _MISSING if fraction is None else f"{_number(fraction * 100, digits)} %"


def _rate(fraction: float | None) -> str:
    """Round down, so that a rate just below its target never reads as the target; what adding floats loses is given back first."""
    return _percent(None if fraction is None else floor(round(fraction * 1e4, 6)) / 1e4, 2)


def _tonnes(kg: float, digits: int) -> str:
    """Write tonnes; what is there but rounds to nothing reads as less than the last digit."""
    text = f"{_number(kg / 1000, digits)} t"
    return (
        text
        if abs(kg) <= _NOTHING_KG or any(digit in "123456789" for digit in text)
        else f"{'−' if kg < 0 else ''}<{10.0**-digits:.{digits}f} t"
    )


def _digits(mass_kg: float) -> int:
    """Return how many decimals of a tonne the page shows, so that its figures line up."""
    return 1 if mass_kg >= 1e5 else 2 if mass_kg >= 1e4 else 3  # noqa: PLR2004  # 100 t and 10 t


def _kg(kg: float) -> str:
    return _number(kg, 0 if abs(kg) >= 1000 else 1 if abs(kg) >= 1 else 3)  # noqa: PLR2004  # a tonne


def _tiny(fraction: float) -> str:
    """Write a relative error: as a power of ten where percent would show nothing."""
    if fraction == 0 or abs(fraction) >= 1e-4:  # noqa: PLR2004  # 0.01 %
        return _percent(fraction, 2 if fraction else 0)
    figure, power = f"{fraction:.1e}".split("e")
    return f"{figure} × 10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _bar(name: Name, value: float | Decimal, text: str, colour: str, start: float | Decimal = 0) -> dict[str, Any]:
    return {"name": name.words(), "value": float(value), "start": float(start), "text": text, "colour": colour}


def _mass_bars(result: Result) -> list[dict[str, Any]]:
    """Give every end that took mass, largest flows in the order of routes, then what stayed, was lost or is unaccounted."""
    ends = result.mass_by_route_kg | {"stock": result.stock_kg, "lost": result.lost_kg, "unaccounted": result.unaccounted_kg}
    digits = _digits(result.mass_in_kg)
    return [_bar(_name("end", end), kg / 1000, _tonnes(kg, digits), f"end-{end}") for end, kg in ends.items()]


def _money_bars(money: Mapping[str, Decimal], net: Decimal, currency: str) -> list[dict[str, Any]]:
    """Give a waterfall: income from the largest down, then expenses from the largest down, each from where the last ended; then net."""
    bars: list[dict[str, Any]] = []
    digits = _money_digits(net, *money.values())
    at = Decimal(0)
    for purpose, amount in sorted(money.items(), key=lambda item: (item[1] < 0, -abs(item[1]))):
        bars.append(
            _bar(_purpose(purpose), amount, f"{_number(amount, digits)} {currency}", "gain" if amount >= 0 else "expense", at)
        )
        at += amount
    return [*bars, _bar(_name("purpose", "net"), net, f"{_number(net, digits)} {currency}", "total")]


def _money_digits(*amounts: Decimal) -> int:
    """Return how many decimals amounts are shown with: hundredths where they can matter."""
    return 0 if max(map(abs, amounts)) >= 100_000 else 2  # noqa: PLR2004  # an amount of six digits


def _purpose(purpose: str) -> Name:
    for begins, word in (("sale for ", "sale"), ("handling and fees of ", "fees")):
        if purpose.startswith(begins):
            what, of = _name("purpose", word), _name("end", purpose.removeprefix(begins))
            return Name(f"{what.en}: {of.en.lower()}", f"{what.zh}：{of.zh}", f"{what.short}: {of.en.lower()}")
    return _name("purpose", purpose)


def _carbon_bars(result: Result) -> list[dict[str, Any]]:
    bars: list[dict[str, Any]] = []
    for source, kg in sorted(result.carbon_by_source_kg.items(), key=lambda item: item[1]):
        name = _name("source" if source == "electricity" else "end", source)
        bars.append(_bar(name, kg, f"{_number(kg)} kg", "gain" if kg <= 0 else "expense"))
    return [*bars, _bar(_name("source", "net"), result.carbon_kg, f"{_number(result.carbon_kg)} kg", "total")]


def _chart_data(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's script draws; every flow of mass is in it, or in `negative`."""
    result: Result = context["result"]
    drawn = [flow for flow in context["flows"] if flow.kg >= _NOTHING_KG]
    weight = result.rates.weight_kg
    return {
        "vehicles": len(result.vehicles),
        "digits": context["digits"],
        "names": {
            kind: {value: _name(kind, value).words() for value in values}
            for kind, values in {
                "stage": ["vehicles", *dict.fromkeys(flow.stage for flow in drawn)],
                "stream": dict.fromkeys(flow.stream for flow in drawn),
                "end": dict.fromkeys(flow.end for flow in drawn),
            }.items()
        },
        "flows": [[flow.stage, flow.stream, flow.end, flow.kg] for flow in drawn],
        "negative": [[flow.stage, flow.stream, flow.end, flow.kg] for flow in context["negative"]],
        "mass": context["mass"],
        "money": context["money"],
        "carbon": context["carbon"],
        "currency": context["currency"],
        "rates": [{"kind": kind, "text": _rate(rate), "target": target} for kind, rate, target, _, _ in context["rates"]],
        "parts": {
            use: result.rates.used(use) / weight if weight > 0 else None for use in ("reuse", "recycling", "energy recovery")
        },
    }


def _recovery_table(rates: Rates) -> list[tuple[str, list[tuple[str, dict[str, float], float]]]]:
    """Group the decision's table by stage: stream, kg by use, and the stream's sum."""
    stages: defaultdict[str, list[tuple[str, dict[str, float], float]]] = defaultdict(list)
    order = {name: place for place, name in enumerate((*_STAGES, _NO_STREAM))}
    for stream in sorted(rates.table, key=lambda name: order.get(name, len(order))):
        uses = dict(rates.table[stream])
        stages[_STAGES.get(stream, _NO_STREAM)].append((stream, uses, sum(uses.values())))
    return list(stages.items())


def _vehicle_rows(vehicles: Iterable[VehicleFate]) -> Iterator[dict[str, Any]]:
    for vehicle in vehicles:
        about = vehicle.attributes
        rates = recovery_rates([vehicle])
        low, high = about.get("massLowKg"), about.get("massHighKg")
        yield {
            "reference": vehicle.reference,
            "name": vehicle.name,
            "category": about.get("category", _MISSING),
            "mass": _number(vehicle.mass_kg, 1),
            "interval": f"{_number(float(low), 0)}–{_number(float(high), 0)}" if low and high else _MISSING,
            "source": about.get("massSource", _MISSING),
            "recycling": _rate(rates.recycling_rate),
            "recovery": _rate(rates.recovery_rate),
            "value": _number(vehicle.value, 2),
            "carbon": _number(vehicle.carbon_kg, 1),
            "flags": about.get("flags", ""),
        }
