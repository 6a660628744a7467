"""Flows: where mass, energy and money went, by day, stage and material; recovery rates against the law; to read, print, download."""

# pyarrow carries few types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
from litestar import Response
from litestar.params import QueryParameter

from vehiclenest.core.time import parse_day
from vehiclenest.disclosure.recovery import Rates, recovery_rates, targets
from vehiclenest.ledger import Book
from vehiclenest.ledger.balance import Span, VehicleFate, balance, columns_of, vehicle_fates
from vehiclenest.ledger.crossed import Crossed, crossed
from vehiclenest.ledger.model import Flow
from vehiclenest.web.downloads import csv_file, kept_file
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import page
from vehiclenest.web.sankey import sankey
from vehiclenest.web.visit import Here, Visit

_KEPT = 8  # reckonings that are kept in memory
Day = Annotated[str, QueryParameter(max_length=10)]
From = Annotated[str, QueryParameter(name="from", max_length=10)]
By = Literal["stage", "material", "vehicle"]
Rows = Annotated[By, QueryParameter(name="by")]
Stream = Annotated[str, QueryParameter(max_length=64)]
Stage = Annotated[str, QueryParameter(max_length=256)]
Material = Annotated[str, QueryParameter(max_length=64)]
What = Literal["material", "energy", "money"]
Whats = Annotated[What, QueryParameter(name="what")]
Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """The flows of a span as of the ledger's last event."""

    balance: dict[str, Any]
    rates: Rates
    links: dict[Link, float]
    crossed: Crossed


Amount = float | Decimal


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A Sankey diagram and the figures under it, the largest first: (middle, right) and the amount."""

    title: str
    unit: str
    heads: Link
    rows: list[tuple[Link, Amount]]
    picture: str


_lock = threading.Lock()  # one reckoning at a time: it fills memory and cores
_kept: OrderedDict[tuple[str, int, str, Span], _Reckoned] = OrderedDict()


@page("/flows", Permission.FLOWS)
def flows(
    visit: Here,
    first: From = "",
    to: Day = "",
    by: Rows = "stage",
    stream: Stream = "",
    stage: Stage = "",
    material: Material = "",
) -> Response[str]:
    """Show the flows of a span of days, of all stages and materials or of one."""
    found = _reckoned(visit, _span(first, to), by)
    say = visit.speech
    fates = {names: mass for names, mass in found.links.items() if not stream or names[0] == stream}
    recycling, recovery = targets()
    chosen = {"from": first, "to": to, "by": by, "stage": stage, "material": material}
    return visit.render(
        "flows.html",
        first=first,
        to=to,
        by=by,
        stream=stream,
        stage=stage,
        material=material,
        streams=sorted({middle for middle, _ in found.links}),
        found=found,
        rows=_masses(found, by, stage, material),
        fates=_drawing(
            visit,
            say("Mass of the vehicles by stream and by what became of it"),
            "kg",
            ("Stream", "Route or end"),
            "vehicles",
            fates,
        ),
        drawings=_drawings(visit, found.crossed, stage, material),
        query=urlencode({name: value for name, value in chosen.items() if value}),
        recycling_target=recycling,
        recovery_target=recovery,
    )


def _drawings(visit: Visit, crossed: Crossed, stage: str, material: str) -> list[_Drawing]:
    """Return mass, energy and money by stage, as diagrams with their figures; money that came in and that was paid, by currency."""
    say = visit.speech
    mass: dict[Link, float] = {}
    for (one_stage, one_material, flow), kg in crossed.mass_kg.items():
        if flow in {Flow.RECEIVED.value, Flow.PRODUCED.value} and stage in {"", one_stage} and material in {"", one_material}:
            mass[one_stage, one_material] = mass.get((one_stage, one_material), 0.0) + kg
    drawings = [
        _drawing(visit, say("What came in and what was made, by stage and material"), "kg", ("stage", "material"), "mass", mass)
    ]
    if material:
        return drawings  # energy and money are those of a stage, whatever it was spent on
    energy = {key: kwh for key, kwh in crossed.energy_kwh.items() if stage in {"", key[0]}}
    drawings.append(_drawing(visit, say("Energy by stage and carrier"), "kWh", ("stage", "carrier"), "energy", energy))
    for currency in sorted({key[2] for key in crossed.money}):
        for sign, title in ((1, "Money that came in, by stage and purpose"), (-1, "Money that was paid, by stage and purpose")):
            amounts = {
                (key[0], key[1]): sign * amount
                for key, amount in crossed.money.items()
                if key[2] == currency and sign * amount > 0 and stage in {"", key[0]}
            }
            drawings.append(_drawing(visit, say(title), currency, ("stage", "purpose"), "money", amounts))
    return drawings


def _drawing(visit: Visit, title: str, unit: str, heads: Link, start: str, links: Mapping[Link, Amount]) -> _Drawing:
    say = visit.speech
    named = {(say(middle), say(end)): float(amount) for (middle, end), amount in links.items()}
    rows = sorted(links.items(), key=lambda item: -item[1])
    return _Drawing(title, unit, heads, rows, sankey(say(start), named, title))


@page("/flows/download.csv", Permission.FLOWS, media_type="text/csv")
def flows_csv(
    visit: Here,
    first: From = "",
    to: Day = "",
    by: Rows = "stage",
    stage: Stage = "",
    material: Material = "",
    what: Whats = "material",
) -> Response[bytes]:
    """Return the balance, or the energy or money by stage, as CSV."""
    rows = _table(_reckoned(visit, _span(first, to), by), what, by, stage, material)
    return csv_file(f"{_named(what, by)}.csv", _columns(rows), (_flat(row) for row in rows))


@page("/flows/download.parquet", Permission.FLOWS, media_type="application/vnd.apache.parquet")
def flows_parquet(
    visit: Here,
    first: From = "",
    to: Day = "",
    by: Rows = "stage",
    stage: Stage = "",
    material: Material = "",
    what: Whats = "material",
) -> Response[bytes]:
    """Return the balance, or the energy or money by stage, as Parquet."""
    rows = _table(_reckoned(visit, _span(first, to), by), what, by, stage, material)
    file = BytesIO()
    flat = [_flat(row) for row in rows]
    arrow: Any = pa
    pq.write_table(
        arrow.table({name: [row.get(name) for row in flat] for name in _columns(rows)})
        if rows
        else _empty(what, by).empty_table(),
        file,
    )
    return kept_file(file.getvalue(), "application/vnd.apache.parquet", f"{_named(what, by)}.parquet")


def _empty(what: What, by: By) -> Any:
    """Return the columns of a download without rows."""
    arrow: Any = pa
    name, number = arrow.string(), arrow.float64()
    columns: dict[What, list[tuple[str, Any]]] = {
        "energy": [("stage", name), ("carrier", name), ("kwh", number)],
        "money": [("stage", name), ("purpose", name), ("amount", arrow.decimal128(18, 4)), ("currency", name)],
        "material": [(by, name), *((f"{flow.value}_kg", number) for flow in Flow)],
    }
    return arrow.schema(columns[what])


def _named(what: What, by: By) -> str:
    return f"flows-by-{by}" if what == "material" else f"{what}-by-stage"


def _table(found: _Reckoned, what: What, by: By, stage: str, material: str) -> list[dict[str, Any]]:
    """Return the rows of a download."""
    if what == "energy":
        kwh = found.crossed.energy_kwh.items()
        return [{"stage": key[0], "carrier": key[1], "kwh": amount} for key, amount in kwh if stage in {"", key[0]}]
    if what == "money":
        money = found.crossed.money.items()
        return [
            {"stage": key[0], "purpose": key[1], "amount": amount, "currency": key[2]}
            for key, amount in money
            if stage in {"", key[0]}
        ]
    return _masses(found, by, stage, material)


def _masses(found: _Reckoned, by: By, stage: str, material: str) -> list[dict[str, Any]]:
    """Return the rows of the balance; those of one stage or material where it is named. What became of a vehicle knows neither."""
    if by == "vehicle" or not (stage or material):
        return found.balance["material"]
    return found.crossed.masses(by, stage, material)


def _columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in _flat(row)))


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of plain values: what became of a vehicle stands in a column for each end."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            inner: dict[Any, Any] = dict(value)
            found |= {f"{name}_{key}": item for key, item in inner.items()}
        else:
            found[name] = value
    return found


def _span(first: str, last: str) -> Span:
    return Span(parse_day(first) if first else None, parse_day(last) if last else None)


def _reckoned(visit: Visit, span: Span, by: By) -> _Reckoned:
    ledger = visit.database.ledger
    with visit.database.reading() as connection:
        last = Book(connection).last()
    key = (ledger.url, last, by, span)
    with _lock:
        if (found := _kept.get(key)) is None:
            with columns_of(ledger) as columns:
                fates = vehicle_fates(columns, span)
                found = _Reckoned(balance(columns, by, span), recovery_rates(fates), _links(fates), crossed(columns, span))
            _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def _links(fates: Sequence[VehicleFate]) -> dict[Link, float]:
    """Return the mass in kg by stream and end, over all vehicles."""
    sums: dict[Link, float] = {}
    for fate in fates:
        for (end, stream), share in fate.shares.items():
            key = (stream or "whole vehicle", end)
            sums[key] = sums.get(key, 0.0) + share * fate.mass_kg
    return sums


HANDLERS = [flows, flows_csv, flows_parquet]
