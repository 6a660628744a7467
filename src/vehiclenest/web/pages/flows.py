"""Flows: where the mass went, the recovery rates against the law, energy and money; to read, to print, to download."""

# pyarrow carries few types.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
import csv
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from litestar import Response
from litestar.params import QueryParameter

from vehiclenest.core.time import parse_day
from vehiclenest.disclosure.recovery import Rates, recovery_rates, targets
from vehiclenest.ledger import Book
from vehiclenest.ledger.balance import Span, VehicleFate, balance, columns_of, vehicle_fates
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


@dataclass(frozen=True, slots=True)
class _Reckoned:
    """The flows of a span as of the ledger's last event."""

    balance: dict[str, Any]
    rates: Rates
    links: dict[tuple[str, str], float]


_lock = threading.Lock()  # one reckoning at a time: it fills memory and cores
_kept: OrderedDict[tuple[str, int, str, Span], _Reckoned] = OrderedDict()


@page("/flows", Permission.FLOWS)
def flows(visit: Here, first: From = "", to: Day = "", by: Rows = "stage", stream: Stream = "") -> Response[str]:
    """Show the flows of a span of days."""
    found = _reckoned(visit, _span(first, to), by)
    links = {names: mass for names, mass in found.links.items() if not stream or names[0] == stream}
    say = visit.speech
    named = {(say(middle), say(end)): mass for (middle, end), mass in links.items()}
    title = say("Mass of the vehicles by stream and by what became of it")
    picture = sankey(say("vehicles"), named, title)
    recycling, recovery = targets()
    return visit.render(
        "flows.html",
        first=first,
        to=to,
        by=by,
        stream=stream,
        streams=sorted({middle for middle, _ in found.links}),
        found=found,
        links=sorted(links.items(), key=lambda item: -item[1]),
        picture=picture,
        recycling_target=recycling,
        recovery_target=recovery,
    )


@page("/flows/download.csv", Permission.FLOWS, media_type="text/csv")
def flows_csv(visit: Here, first: From = "", to: Day = "", by: Rows = "stage") -> Response[bytes]:
    """Return the balance as CSV."""
    rows = _reckoned(visit, _span(first, to), by).balance["material"]
    file = StringIO()
    writer = csv.DictWriter(file, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in _flat(row).items()} for row in rows)
    return _file(file.getvalue().encode(), "text/csv", f"flows-by-{by}.csv")


@page("/flows/download.parquet", Permission.FLOWS, media_type="application/vnd.apache.parquet")
def flows_parquet(visit: Here, first: From = "", to: Day = "", by: Rows = "stage") -> Response[bytes]:
    """Return the balance as Parquet."""
    rows = _reckoned(visit, _span(first, to), by).balance["material"]
    file = BytesIO()
    names = _columns(rows)
    flat = [_flat(row) for row in rows]
    pq.write_table(pa.table({name: [row.get(name) for row in flat] for name in names}), file)
    return _file(file.getvalue(), "application/vnd.apache.parquet", f"flows-by-{by}.parquet")


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


def _safe(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _file(content: bytes, kind: str, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


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
                found = _Reckoned(balance(columns, by, span), recovery_rates(fates), _links(fates))
            _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def _links(fates: Sequence[VehicleFate]) -> dict[tuple[str, str], float]:
    """Return the mass in kg by stream and end, over all vehicles."""
    sums: dict[tuple[str, str], float] = {}
    for fate in fates:
        for (end, stream), share in fate.shares.items():
            key = (stream or "whole vehicle", end)
            sums[key] = sums.get(key, 0.0) + share * fate.mass_kg
    return sums


HANDLERS = [flows, flows_csv, flows_parquet]
