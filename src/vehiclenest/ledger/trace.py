"""Trace: from any identifier back to what it came from and forward to everything it became, with shares of mass."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, select

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.identifiers import parse_epc
from vehiclenest.ledger import schema
from vehiclenest.ledger.balance import Span, unverified_constants
from vehiclenest.ledger.database import chunks
from vehiclenest.ledger.fate import STOCK
from vehiclenest.ledger.graph import Graph, downstream, in_order, upstream
from vehiclenest.ledger.model import Flow
from vehiclenest.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class LotRecord:
    """A lot as the ledger describes it."""

    id: int
    uri: str
    reference: str
    kind: str
    name: str
    stream: str
    created_at: datetime
    event_id: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Something received that the traced lot came from; `share` of the traced lot's mass."""

    lot: LotRecord
    mass_kg: float
    share: float


@dataclass(frozen=True, slots=True)
class Output:
    """An end of the traced lot's mass: shipped by a route, in stock, lost or unaccounted; shares sum to 1."""

    end: str
    lot: LotRecord | None
    mass_kg: float
    share: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a lot came from and what became of it.

    `mass_kg` is all that ever came into the lot; `unverified` names the constants that nobody verified and that the work of its day,
    from which its masses follow, rests on.
    """

    lot: LotRecord
    mass_kg: float
    origins: tuple[Origin, ...]
    outputs: tuple[Output, ...]
    unverified: tuple[str, ...]


def trace(ledger: Ledger, identifier: str) -> Trace:
    """Trace a lot by EPC URN, GS1 Digital Link, VIN, lot number or the tail of its identifier.

    Raises
    ------
    NotFoundError
        Where the ledger holds nothing of that name.
    InputError
        Where the name fits several lots.
    """
    with ledger.engine.connect() as connection:
        start = _find(connection, identifier)
        down, below = downstream(connection, start)
        up, above = upstream(connection, start)
        lots = _records(connection, {start, *below, *above})
        day = lots[start].created_at.date()
        unverified = unverified_constants(
            connection, Span(day, day + timedelta(days=1))
        )  # noted in the evening, which may be after midnight
    mass = down.gained[start]
    origins, outputs = _origins(up, above, start, lots), _outputs(down, below, start, lots)
    return Trace(lots[start], mass, tuple(origins), tuple(outputs), tuple(unverified))


def _find(connection: Connection, identifier: str) -> int:
    text = identifier.strip().encode("utf-8", "replace").decode("utf-8")
    lot = schema.lot
    candidates = [text]
    with suppress(InputError):
        candidates.append(parse_epc(text).urn())
    found = connection.execute(select(lot.c.id).where(lot.c.uri.in_(candidates))).scalars().all()
    if not found:
        names = [text, text.upper(), f"LOT{text}", f"LOT{text.upper()}"]
        rows = connection.execute(select(lot.c.id, lot.c.uri).where(lot.c.reference.in_(names)).order_by(lot.c.id)).all()
        if len(rows) > 1:
            raise InputError(f"{text!r} fits {len(rows)} lots", expected=f"one of {', '.join(row.uri for row in rows[:3])}")
        found = [row.id for row in rows]
    if not found:
        raise NotFoundError(
            f"nothing in the ledger is called {text[:80]!r}", expected="a VIN, lot number, part or EPC that was captured"
        )
    return found[0]


def _records(connection: Connection, ids: Iterable[int]) -> dict[int, LotRecord]:
    lot, event = schema.lot, schema.event
    wanted = sorted(ids)
    columns = (
        lot.c.id,
        lot.c.uri,
        lot.c.reference,
        lot.c.kind,
        lot.c.name,
        lot.c.stream,
        event.c.event_time,
        event.c.event_id,
        lot.c.attributes,
    )
    records: dict[int, LotRecord] = {}
    for chunk in chunks(wanted):
        for identity, uri, reference, kind, name, stream, time, event_id, attributes in connection.execute(
            select(*columns).join(event, event.c.seq == lot.c.event_seq).where(lot.c.id.in_(chunk))
        ):
            created = datetime.fromtimestamp(time / 1e6, UTC)
            records[identity] = LotRecord(
                identity, uri, reference, kind, name, stream, created, event_id, orjson.loads(attributes)
            )
    return records


def _outputs(graph: Graph, lots: list[int], start: int, records: dict[int, LotRecord]) -> Iterable[Output]:
    """Follow the mass forward: each lot passes on what came from the start, in proportion."""
    carried: defaultdict[int, float] = defaultdict(float)
    carried[start] = graph.gained[start]
    ends: defaultdict[tuple[str, int | None], float] = defaultdict(float)
    reasons: dict[tuple[str, int | None], str | None] = {}
    for lot in in_order(lots, graph.products):
        gained = graph.gained.get(lot, 0.0)
        if not gained:
            continue
        part = carried[lot] / gained
        left = gained
        for row in graph.leaving[lot]:
            if row.flow == Flow.SHIPPED.value:
                key = (row.route or Flow.SHIPPED.value, lot)
                ends[key] += row.mass_kg * part
                reasons[key] = row.reason
            else:
                outputs = graph.outputs[row.event_seq]
                total = sum(output.mass_kg for output in outputs)
                for output in outputs:
                    mass = row.mass_kg * part * output.mass_kg / total
                    if output.lot_id is None:
                        ends[output.flow, None] += mass
                    else:
                        carried[output.lot_id] += mass
            left -= row.mass_kg
        if abs(left) > 1e-12 * gained:
            ends[STOCK, lot] += left * part
    whole = carried[start]
    for (end, lot), mass in sorted(ends.items(), key=lambda item: -item[1]):
        yield Output(
            end, records[lot] if lot is not None else None, mass, mass / whole if whole else 0.0, reasons.get((end, lot))
        )


def _origins(graph: Graph, lots: list[int], start: int, records: dict[int, LotRecord]) -> Iterable[Origin]:
    """Follow the mass back: each lot asks its inputs for what it holds of the start, in proportion."""
    wanted: defaultdict[int, float] = defaultdict(float)
    wanted[start] = graph.gained[start]
    received: defaultdict[int, float] = defaultdict(float)
    for lot in in_order(lots, graph.sources):
        gained = graph.gained.get(lot, 0.0)
        if not gained:
            continue
        part = wanted[lot] / gained
        for row in graph.entering[lot]:
            if row.flow == Flow.RECEIVED.value:
                received[lot] += row.mass_kg * part
            else:
                inputs = graph.inputs[row.event_seq]
                total = sum(source.mass_kg for source in inputs)
                for source in inputs:
                    if source.lot_id is not None:
                        wanted[source.lot_id] += row.mass_kg * part * source.mass_kg / total
    whole = wanted[start]
    for lot, mass in sorted(received.items(), key=lambda item: -item[1]):
        yield Origin(records[lot], mass, mass / whole if whole else 0.0)


def as_dict(found: Trace) -> dict[str, Any]:
    """Return a trace as plain data, for JSON."""
    return {
        "id": found.lot.uri,
        "kind": found.lot.kind,
        "name": found.lot.name,
        "created_at": found.lot.created_at.isoformat(),
        "mass_kg": found.mass_kg,
        "attributes": found.lot.attributes,
        "backward": [
            {"id": origin.lot.uri, "name": origin.lot.name, "mass_kg": origin.mass_kg, "share": origin.share}
            for origin in found.origins
        ],
        "forward": [
            {
                "end": output.end,
                "id": output.lot.uri if output.lot else None,
                "name": output.lot.name if output.lot else None,
                "mass_kg": output.mass_kg,
                "share": output.share,
                "reason": output.reason,
            }
            for output in found.outputs
        ],
        "unverified": list(found.unverified),
        "share_sum": sum(output.share for output in found.outputs),
    }
