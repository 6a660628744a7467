"""Trace: from any identifier back to what it came from and forward to everything it became, with shares of mass."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Executable, bindparam, func, select

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.identifiers import parse_epc
from vehiclenest.ledger import schema
from vehiclenest.ledger.database import Among, texts, whole_numbers
from vehiclenest.ledger.entry import FLOWS, hash_id, microseconds, moment, split
from vehiclenest.ledger.graph import RECEIVED, SHIPPED, Graph, around, in_order, made_of, went_into
from vehiclenest.ledger.model import STOCK, UNVERIFIED, Flow
from vehiclenest.ledger.schema import in_force
from vehiclenest.ledger.store import Book, Ledger

FOREIGN = "foreign"  # kind of an identifier that no material flow of ours names
_NO_LOT = -1  # a number that no lot has
_LAST = bindparam("last", type_=BigInteger)  # number of the last event that is asked about


@dataclass(frozen=True, slots=True)
class LotRecord:
    """A lot as the ledger describes it, last in the event number `described`."""

    id: int
    uri: str
    reference: str
    kind: str
    name: str
    stream: str
    created_at: datetime
    described: int


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event that names the traced thing."""

    seq: int
    event_id: str
    type: str
    biz_step: str
    time: datetime


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
    from which its masses follow, rests on; `events` are those that name it, in the order of capture.
    """

    lot: LotRecord
    attributes: dict[str, str]
    mass_kg: float
    origins: tuple[Origin, ...]
    outputs: tuple[Output, ...]
    unverified: tuple[str, ...]
    events: tuple[EventRecord, ...]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A thing that only foreign events name: what it was made of and went into, without mass."""

    uri: str
    made_of: tuple[str, ...]
    went_into: tuple[str, ...]
    events: tuple[EventRecord, ...]


def trace(ledger: Ledger, identifier: str, as_of: datetime | None = None) -> Trace | Mentioned:
    """Trace a thing by EPC URN, GS1 Digital Link, VIN, lot number or the tail of its identifier.

    Parameters
    ----------
    ledger
        Where to look.
    identifier
        Its name.
    as_of
        What was known by then; everything by default.

    Raises
    ------
    NotFoundError
        Where the ledger holds nothing of that name.
    InputError
        Where the name fits several lots.
    """
    # Ended by a commit, although nothing is written: with a rollback psycopg forgets what PostgreSQL has prepared.
    with ledger.engine.begin() as connection:
        last = Book(connection).last(as_of)
        start, uri = _find(connection, identifier, last)
        if start is None:
            return Mentioned(
                uri,
                tuple(made_of(connection, uri, last)),
                tuple(went_into(connection, uri, last)),
                _events(connection, None, uri, last),
            )
        down, up = around(connection, start, last)
        lots = _records(connection, {start, *down.lots, *up.lots}, last)
        events = _events(connection, start, uri, last)
        unverified = _unverified(connection, lots[start].created_at, last)
        attributes = Book(connection).attributes(lots[start].described, uri)
    mass = down.gained.get(start, 0.0)
    return Trace(
        lots[start], attributes, mass, tuple(_origins(up, start, lots)), tuple(_outputs(down, start, lots)), unverified, events
    )


def _find(connection: Connection, identifier: str, last: int) -> tuple[int | None, str]:
    """Return the number of a lot and its URI; no number for a foreign identifier."""
    text = identifier.strip().encode("utf-8", "replace").decode("utf-8")
    candidates = [text]
    with suppress(InputError):
        candidates.append(parse_epc(text).urn())
    names = [text, text.upper(), f"LOT{text}", f"LOT{text.upper()}"]
    wanted = dict.fromkeys([*(split(uri)[1] for uri in candidates), *names])
    rows = connection.execute(_find_query(), {"references": list(wanted), "last": last})
    found = [(identity, uri, reference) for identity, uri, reference in rows.all()]
    exact = [row for row in found if row[1] in candidates]
    typed = exact or [row for row in found if row[2] in names]
    if len(typed) > 1:
        raise InputError(f"{text!r} fits {len(typed)} lots", expected=f"one of {', '.join(row[1] for row in typed[:3])}")
    if typed:
        return typed[0][0], typed[0][1]
    mention = schema.mention
    known = select(mention.c.uri).where(mention.c.uri.in_(candidates), mention.c.event_seq <= last).limit(1)
    uri = connection.execute(known).scalar()
    if uri is None:
        raise NotFoundError(
            f"nothing in the ledger is called {text[:80]!r}", expected="a VIN, lot number, part or EPC that was captured"
        )
    return None, uri


@cache
def _find_query() -> Executable:
    lot, prefix = schema.lot, schema.prefix
    return (
        select(lot.c.id, prefix.c.text + lot.c.reference, lot.c.reference)
        .select_from(lot.join(prefix))
        .where(Among(lot.c.reference, texts("references")), lot.c.event_seq <= _LAST)
        .distinct()
        .order_by(lot.c.id)
    )


def _records(connection: Connection, ids: Iterable[int], last: int) -> dict[int, LotRecord]:
    """Return lots with their last description."""
    records: dict[int, LotRecord] = {}
    rows = connection.execute(_records_query(), {"lots": sorted(ids), "last": last}).all()
    for identity, start, reference, kind, name, stream, time, seq in rows:
        records[identity] = LotRecord(identity, start + reference, reference, kind, name, stream, moment(time), seq)
    return records


@cache
def _records_query() -> Executable:
    lot, event, description, prefix = schema.lot, schema.event, schema.description, schema.prefix
    columns = (lot.c.id, prefix.c.text, lot.c.reference, description.c.kind, description.c.name, description.c.stream)
    return (
        select(*columns, event.c.event_time, lot.c.event_seq)
        .select_from(lot.join(event).join(description).join(prefix))
        .where(Among(lot.c.id, whole_numbers("lots")), lot.c.event_seq <= _LAST)
        .order_by(lot.c.event_seq)
    )


def _events(connection: Connection, lot_id: int | None, uri: str, last: int) -> tuple[EventRecord, ...]:
    rows = connection.execute(_events_query(), {"uri": uri, "lot": lot_id or _NO_LOT, "last": last})
    return tuple(
        EventRecord(seq, event_id or hash_id(identity), kind, step, moment(time))
        for seq, event_id, identity, kind, step, time in rows.all()
    )


@cache
def _events_query() -> Executable:
    event, flow, mention = schema.event, schema.lot_flow, schema.mention
    naming = select(mention.c.event_seq).where(mention.c.uri == bindparam("uri"))
    naming = naming.union(select(flow.c.event_seq).where(flow.c.lot_id == bindparam("lot", type_=BigInteger)))
    return (
        select(event.c.seq, event.c.event_id, event.c.identity, event.c.type, event.c.biz_step, event.c.event_time)
        .where(event.c.seq.in_(naming), event.c.seq <= _LAST)
        .order_by(event.c.seq)
    )


def _unverified(connection: Connection, created: datetime, last: int) -> tuple[str, ...]:
    """Return the constants noted on the day of a lot; in the evening, which may be after midnight."""
    day = created.replace(hour=0, minute=0, second=0, microsecond=0)
    span = {"start": microseconds(day), "end": microseconds(day + timedelta(days=2)), "last": last}
    return tuple(sorted(connection.execute(_unverified_query(), span).scalars().all()))


@cache
def _unverified_query() -> Executable:
    event, flow = schema.event, schema.information_flow
    start, end = (bindparam(name, type_=BigInteger) for name in ("start", "end"))
    within = (event.c.event_time >= start) & (event.c.event_time < end)
    # Added to nothing, so that the planner goes by time and does not read events from both ends until one fits.
    day = select(func.min(event.c.seq + 0).label("first"), func.max(event.c.seq + 0).label("final")).where(within).cte("day")
    first, final = (select(column).scalar_subquery() for column in (day.c.first, day.c.final))
    noted = flow.c.kind == UNVERIFIED
    # Few of a day's events note constants: these are found first, and only their times are looked at.
    noting = select(flow.c.event_seq).where(noted, flow.c.event_seq.between(first, final)).distinct()
    evenings = select(event.c.seq).where(event.c.seq.in_(noting), within)
    return select(flow.c.reference).distinct().where(noted, flow.c.event_seq.in_(evenings), in_force(flow.c.event_seq, _LAST))


def _outputs(graph: Graph, start: int, records: dict[int, LotRecord]) -> Iterable[Output]:
    """Follow the mass forward: each lot passes on what came from the start, in proportion."""
    carried: defaultdict[int, float] = defaultdict(float)
    carried[start] = graph.gained.get(start, 0.0)
    ends: defaultdict[tuple[str, int | None], float] = defaultdict(float)
    reasons: dict[tuple[str, int | None], str | None] = {}
    for lot in in_order(graph.lots, graph.products):
        gained = graph.gained.get(lot, 0.0)
        if not gained:
            continue
        part = carried[lot] / gained
        left = gained
        for row in graph.leaving[lot]:
            if row.flow == SHIPPED:
                key = (row.route or Flow.SHIPPED.value, lot)
                ends[key] += row.mass_kg * part
                reasons[key] = row.reason or None
            else:
                outputs = graph.outputs[row.event_seq]
                total = sum(output.mass_kg for output in outputs)
                for output in outputs:
                    mass = row.mass_kg * part * output.mass_kg / total
                    if output.lot_id is None:
                        ends[FLOWS[output.flow].value, None] += mass
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


def _origins(graph: Graph, start: int, records: dict[int, LotRecord]) -> Iterable[Origin]:
    """Follow the mass back: each lot asks its inputs for what it holds of the start, in proportion."""
    wanted: defaultdict[int, float] = defaultdict(float)
    wanted[start] = graph.gained.get(start, 0.0)
    received: defaultdict[int, float] = defaultdict(float)
    for lot in in_order(graph.lots, graph.sources):
        gained = graph.gained.get(lot, 0.0)
        if not gained:
            continue
        part = wanted[lot] / gained
        for row in graph.entering[lot]:
            if row.flow == RECEIVED:
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


def as_dict(found: Trace | Mentioned) -> dict[str, Any]:
    """Return a trace as plain data, for JSON."""
    events = [
        {"id": event.event_id, "type": event.type, "bizStep": event.biz_step, "time": event.time.isoformat()}
        for event in found.events
    ]
    if isinstance(found, Mentioned):
        return {
            "id": found.uri,
            "kind": FOREIGN,
            "mass_kg": None,
            "backward": [{"id": uri, "mass_kg": None, "share": None} for uri in found.made_of],
            "forward": [{"id": uri, "mass_kg": None, "share": None} for uri in found.went_into],
            "events": events,
        }
    return {
        "id": found.lot.uri,
        "kind": found.lot.kind,
        "name": found.lot.name,
        "created_at": found.lot.created_at.isoformat(),
        "mass_kg": found.mass_kg,
        "attributes": found.attributes,
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
        "events": events,
    }
