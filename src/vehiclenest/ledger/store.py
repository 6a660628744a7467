"""The book itself: events are captured in order, all of a batch or none, and never changed.

Capture checks what binds events of our namespace: mass closes (`closure`), lots exist before they are used, nothing leaves a lot that
is not in it, a thing is created once. A foreign event is stored and left out of mass balances.
"""

from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Engine, Table, case, func, insert, select

from vehiclenest.core.errors import ConflictError, VehicleNestError
from vehiclenest.core.time import format_time
from vehiclenest.ledger import schema
from vehiclenest.ledger.closure import ROUNDING, close
from vehiclenest.ledger.database import chunks, connect, writing
from vehiclenest.ledger.epcis import to_epcis
from vehiclenest.ledger.model import Event, Flow

_SIGN = {Flow.RECEIVED: 1.0, Flow.PRODUCED: 1.0, Flow.CONSUMED: -1.0, Flow.SHIPPED: -1.0}
_BODIES_AT_ONCE = 500
_GAINS = [Flow.RECEIVED.value, Flow.PRODUCED.value]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """Return a time as microseconds since 1970 UTC, as the tables keep it."""
    delta = time - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


@dataclass(frozen=True, slots=True)
class Captured:
    """Outcome of a capture: events stored, and events that were in the ledger already."""

    stored: int
    known: int


@dataclass(frozen=True, slots=True)
class Stock:
    """What a lot holds, in kg by substance, and when something last came into it."""

    lot: str
    stream: str
    attributes: dict[str, str]
    materials: dict[str, float]
    last_gain: datetime


@dataclass(slots=True)
class _LotState:
    id: int
    is_class: bool
    stock_kg: float
    through_kg: float


class Book:
    """The ledger inside one transaction: what it reads and writes belongs together."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def capture(self, events: Iterable[Event], recorded: datetime | None = None) -> Captured:
        """Store events in this order, all or none.

        Parameters
        ----------
        events
            In the order in which they happened.
        recorded
            When they are captured; now by default.

        Raises
        ------
        ClosureError, ConflictError, InputError
            Naming the event by its place in the batch; the transaction is to be given up then.
        """
        closed = [close_numbered(event, index) for index, event in enumerate(events)]
        return _Capture(self.connection, recorded or datetime.now(UTC)).run(closed)

    def known_lots(self, uris: Collection[str]) -> dict[str, datetime]:
        """Return which of the lots are in the ledger, each with the time of the event that created it."""
        found: dict[str, datetime] = {}
        for chunk in chunks(list(uris)):
            query = select(schema.lot.c.uri, schema.event.c.event_time).join(schema.event).where(schema.lot.c.uri.in_(chunk))
            found |= {uri: datetime.fromtimestamp(time / 1e6, UTC) for uri, time in self.connection.execute(query)}
        return found

    def stock(self, kind: str) -> list[Stock]:
        """Return what the lots of a kind hold now, those that hold nothing left out."""
        lot, flow, material, event = schema.lot, schema.lot_flow, schema.material_flow, schema.event
        signed = case((flow.c.flow.in_(_GAINS), material.c.mass_kg), else_=-material.c.mass_kg)
        query = (
            select(
                lot.c.uri,
                lot.c.stream,
                lot.c.attributes,
                material.c.material,
                func.sum(signed),
                func.sum(func.abs(signed)),
                func.max(case((flow.c.flow.in_(_GAINS), event.c.event_time), else_=0)),
            )
            .join(flow, flow.c.lot_id == lot.c.id)
            .join(material, (material.c.event_seq == flow.c.event_seq) & (material.c.position == flow.c.position))
            .join(event, event.c.seq == flow.c.event_seq)
            .where(lot.c.kind == kind)
            .group_by(lot.c.uri, lot.c.stream, lot.c.attributes, material.c.material)
        )
        held: dict[str, Stock] = {}
        for uri, stream, attributes, name, mass, moved, gained_at in self.connection.execute(query):
            if mass > ROUNDING * moved:
                empty = Stock(uri, stream, orjson.loads(attributes), {}, datetime.fromtimestamp(gained_at / 1e6, UTC))
                held.setdefault(uri, empty).materials[name] = mass
        return list(held.values())

    def bodies(self, first: int = 1) -> Iterator[bytes]:
        """Yield every event as JSON in the order of capture, from the event number `first` on."""
        query = select(schema.event.c.body).where(schema.event.c.seq >= first).order_by(schema.event.c.seq)
        for (body,) in self.connection.execute(query, execution_options={"yield_per": _BODIES_AT_ONCE}):
            yield body

    def size(self) -> int:
        """Return how many events the ledger holds."""
        return self.connection.execute(select(func.coalesce(func.max(schema.event.c.seq), 0))).scalar_one()


class Ledger:
    """A ledger in one database. Use it as a context manager, or call `close`."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = url
        self.engine: Engine = connect(url, create=create)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Book]:
        """Give the book to read, as it stands now."""
        with self.engine.connect() as connection:
            yield Book(connection)

    @contextmanager
    def writing(self) -> Generator[Book]:
        """Give the book to write, to nobody else meanwhile; all of it is kept at the end, or after an error none."""
        with writing(self.engine) as connection:
            yield Book(connection)

    def capture(self, events: Iterable[Event], recorded: datetime | None = None) -> Captured:
        """Store events in a transaction of their own; see `Book.capture`."""
        with self.writing() as book:
            return book.capture(events, recorded)

    def bodies(self, first: int = 1) -> Iterator[bytes]:
        """Yield every event as JSON; see `Book.bodies`."""
        with self.reading() as book:
            yield from book.bodies(first)

    def size(self) -> int:
        """Return how many events the ledger holds."""
        with self.reading() as book:
            return book.size()


def close_numbered(event: Event, index: int) -> Event:
    """Close an event; an error names its place in the batch."""
    try:
        return close(event)
    except VehicleNestError as error:
        raise error.at(field=f"event {index} ({event.biz_step or event.type})") from None


class _Capture:
    """One capture inside one transaction."""

    def __init__(self, connection: Connection, recorded: datetime) -> None:
        self.connection = connection
        self.recorded = recorded
        self.recorded_us = microseconds(recorded)
        self.rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.lots: dict[str, _LotState] = {}
        self.next_seq = self._maximum(schema.event, "seq") + 1
        self.next_lot = self._maximum(schema.lot, "id") + 1

    def run(self, events: list[Event]) -> Captured:
        documents = [to_epcis(event) for event in events]
        known = self._known_events([document["eventID"] for document in documents])
        self._load_lots({flow.lot for event in events for flow in event.material if flow.lot is not None})
        record_time = format_time(self.recorded)
        stored = 0
        for index, (event, document) in enumerate(zip(events, documents, strict=True)):
            if document["eventID"] in known:
                continue
            known.add(document["eventID"])
            try:
                self._add(event, document | {"recordTime": record_time})
            except VehicleNestError as error:
                raise error.at(field=f"event {index} ({event.biz_step or event.type})") from None
            stored += 1
        for table in schema.metadata.sorted_tables:
            if self.rows[table.name]:
                _insert(self.connection, table, self.rows[table.name])
        return Captured(stored, len(events) - stored)

    def _add(self, event: Event, document: dict[str, Any]) -> None:
        seq = self.next_seq
        self.next_seq += 1
        self.rows["event"].append(
            (
                seq,
                document["eventID"],
                event.type,
                microseconds(event.time),
                self.recorded_us,
                event.biz_step,
                orjson.dumps(document),
            )
        )
        self._add_lots(seq, event)
        materials = self.rows["material_flow"]
        for position, flow in enumerate(event.material):
            mass = flow.mass_kg
            lot_id = self._book(flow.lot, flow.flow, mass).id if flow.flow in _SIGN else None
            value = None if flow.value is None else int(flow.value.scaleb(4))
            self.rows["lot_flow"].append(
                (
                    seq,
                    position,
                    lot_id,
                    flow.flow.value,
                    mass,
                    flow.uncertainty_kg,
                    flow.basis,
                    flow.route,
                    flow.reason,
                    value,
                    flow.carbon_kg,
                )
            )
            materials += [(seq, position, material, kg) for material, kg in flow.materials.items()]
        self.rows["energy_flow"] += [(seq, i, flow.carrier, flow.kwh) for i, flow in enumerate(event.energy)]
        self.rows["money_flow"] += [
            (seq, i, int(flow.money.amount.scaleb(4)), flow.money.currency, flow.counterparty, flow.purpose)
            for i, flow in enumerate(event.money)
        ]
        self.rows["information_flow"] += [(seq, i, flow.kind, flow.reference) for i, flow in enumerate(event.information)]

    def _add_lots(self, seq: int, event: Event) -> None:
        created = {flow.lot for flow in event.material if flow.flow in {Flow.RECEIVED, Flow.PRODUCED}}
        for lot in event.lots:
            if lot.id not in created:
                raise ConflictError(f"{lot.id} is described and not created", expected="a received or produced flow of that lot")
            if lot.id in self.lots:
                if lot.is_class:
                    continue
                raise ConflictError(f"{lot.id} is in the ledger already", expected="a thing is received or produced once")
            self.lots[lot.id] = _LotState(self.next_lot, lot.is_class, 0.0, 0.0)
            self.rows["lot"].append(
                (self.next_lot, lot.id, reference_of(lot.id), lot.kind, lot.name, lot.stream, seq, orjson.dumps(lot.attributes))
            )
            self.next_lot += 1

    def _book(self, uri: str | None, flow: Flow, mass_kg: float) -> _LotState:
        state = self.lots.get(uri or "")
        if state is None:
            raise ConflictError(
                f"lot {uri} is not in the ledger",
                expected="a lot is received or produced, with its description, before it is used",
            )
        if _SIGN[flow] > 0 and state.through_kg and not state.is_class:
            raise ConflictError(f"{uri} is in the ledger already", expected="a thing is received or produced once")
        stock = state.stock_kg + _SIGN[flow] * mass_kg
        if stock < -ROUNDING * max(state.through_kg, mass_kg):
            raise ConflictError(
                f"{mass_kg:.3f} kg {flow} from {uri}, which holds {state.stock_kg:.3f} kg", expected="no more than it holds"
            )
        state.stock_kg = stock
        if _SIGN[flow] > 0:
            state.through_kg += mass_kg
        return state

    def _load_lots(self, uris: set[str]) -> None:
        lot, flow = schema.lot, schema.lot_flow
        signed = case((flow.c.flow.in_(_GAINS), flow.c.mass_kg), else_=-flow.c.mass_kg)
        gained = case((flow.c.flow.in_(_GAINS), flow.c.mass_kg), else_=0.0)
        for chunk in chunks(sorted(uris)):
            query = (
                select(lot.c.uri, lot.c.id, func.coalesce(func.sum(signed), 0.0), func.coalesce(func.sum(gained), 0.0))
                .select_from(lot.outerjoin(flow))
                .where(lot.c.uri.in_(chunk))
                .group_by(lot.c.uri, lot.c.id)
            )
            for uri, identity, stock, through in self.connection.execute(query):
                self.lots[uri] = _LotState(identity, uri.startswith("urn:epc:class:"), stock, through)

    def _known_events(self, ids: list[str]) -> set[str]:
        found: set[str] = set()
        if self.next_seq == 1:
            return found
        for chunk in chunks(ids):
            found.update(
                self.connection.execute(select(schema.event.c.event_id).where(schema.event.c.event_id.in_(chunk))).scalars()
            )
        return found

    def _maximum(self, table: Table, column: str) -> int:
        return self.connection.execute(select(func.coalesce(func.max(table.c[column]), 0))).scalar_one()


def _insert(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Insert rows whose values stand in the order of the table's columns, past the costly treatment of rows one by one."""
    statement = insert(table).compile(connection.engine)
    if statement.positional:
        connection.exec_driver_sql(str(statement), rows)
    else:
        names = [column.name for column in table.columns]
        connection.exec_driver_sql(str(statement), [dict(zip(names, row, strict=True)) for row in rows])


def reference_of(uri: str) -> str:
    """Return what a person types for a lot: the part of its URI behind the company prefix."""
    scheme, _, key = uri.rpartition(":")
    parts = key.split(".", 1)
    return parts[1] if scheme.startswith("urn:epc:") and len(parts) > 1 else uri[-64:]
