"""The book itself: events are captured in order, all of a batch or none, and never changed.

Capture checks what binds events of our namespace: mass closes (`closure`), lots exist before they are used, nothing leaves a lot that
is not in it, a thing is created once and never out of itself. A foreign event is stored, traced and left out of mass balances. An error
declaration withdraws an event from then on; what it leaves behind has to hold again at the end of the batch (`booking`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Any, Self

import orjson
from sqlalchemy import Connection, Engine, Executable, bindparam, case, func, select

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger import schema
from vehiclenest.ledger.booking import Booking, Dictionaries, gains
from vehiclenest.ledger.closure import ROUNDING
from vehiclenest.ledger.database import Among, chunks, connect, texts, writing
from vehiclenest.ledger.entry import Entry, entry_of, is_class, microseconds, moment, ours, split, unpack
from vehiclenest.ledger.epcis import in_context
from vehiclenest.ledger.model import PREFIX, Event, Flow
from vehiclenest.ledger.schema import in_force

_BODIES_AT_ONCE = 500
_GAINS = frozenset({Flow.RECEIVED, Flow.PRODUCED})
_LOT_FIELDS = frozenset(f"{PREFIX}:{name}" for name in ("id", "kind", "name", "stream"))


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


class Book:
    """The ledger inside one transaction: what it reads and writes belongs together."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._texts: Dictionaries | None = None

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
        return self.enter(entries_of(events, recorded or datetime.now(UTC)))

    def enter(self, entries: Sequence[Entry], observe: Callable[[Booking], None] | None = None) -> Captured:
        """Store entries in this order, all or none; raises as `capture` does. `observe` gets to see what was booked."""
        booking = self.booking()
        for index, error in booking.book(entries):
            raise error.at(field=f"event {index} ({entries[index].name})")
        booking.write()
        if observe is not None:
            observe(booking)
        return Captured(booking.stored, booking.known)

    def booking(self) -> Booking:
        """Return an empty booking; see there."""
        if self._texts is None:
            self._texts = Dictionaries(self.connection)
        return Booking(self.connection, self._texts)

    def known_lots(self, uris: Collection[str]) -> dict[str, datetime]:
        """Return which of the lots are in the ledger, each with the time of the event that created it."""
        found: dict[str, datetime] = {}
        wanted = dict(zip(map(split, uris), uris, strict=True))
        lot, event, prefix = schema.lot, schema.event, schema.prefix
        query = (
            select(prefix.c.text, lot.c.reference, event.c.event_time)
            .select_from(lot.join(event).join(prefix))
            .where(Among(lot.c.reference, texts("references")), in_force(lot.c.event_seq))
        )
        for chunk in chunks(list(wanted)):
            references = {"references": [reference for _, reference in chunk]}
            for start, reference, time in self.connection.execute(query, references):
                if uri := wanted.get((start, reference)):
                    found[uri] = moment(time)
        return found

    def stock(self, kind: str) -> list[Stock]:
        """Return what the lots of a kind hold now, those that hold nothing left out."""
        lot, flow, description, prefix = schema.lot, schema.lot_flow, schema.description, schema.prefix
        signed = case((flow.c.flow.in_(gains()), flow.c.mass_kg), else_=-flow.c.mass_kg)
        newest = select(lot.c.id, func.max(lot.c.event_seq).label("described")).group_by(lot.c.id).subquery()
        query = (
            select(lot.c.id, prefix.c.text + lot.c.reference, description.c.stream, lot.c.event_seq)
            .select_from(lot)
            .join(newest, (newest.c.id == lot.c.id) & (newest.c.described == lot.c.event_seq))
            .join(description, description.c.id == lot.c.description_id)
            .join(prefix, prefix.c.id == lot.c.prefix_id)
            .join(flow, flow.c.lot_id == lot.c.id)
            .where(description.c.kind == kind, in_force(flow.c.event_seq))
            .group_by(lot.c.id, prefix.c.text, lot.c.reference, description.c.stream, lot.c.event_seq)
            .having(func.sum(signed) > ROUNDING * func.sum(flow.c.mass_kg))
            .order_by(lot.c.id)
        )
        held: list[Stock] = []
        for identity, uri, stream, described in self.connection.execute(query).all():
            materials = self._mixture(identity) if is_class(uri) else self._content(identity, uri)
            attributes = self.attributes(described, uri)
            held.append(Stock(uri, stream, attributes, materials, self._last_gain(identity)))
        return held

    def _mixture(self, lot_id: int) -> dict[str, float]:
        """Return what a lot that may be added to holds, by substance."""
        flow, mixture = schema.lot_flow, schema.mixture
        signed = case((flow.c.flow.in_(gains()), mixture.c.mass_kg), else_=-mixture.c.mass_kg)
        query = (
            select(mixture.c.material, func.sum(signed))
            .join(flow, (flow.c.event_seq == mixture.c.event_seq) & (flow.c.position == mixture.c.position))
            .where(flow.c.lot_id == lot_id, in_force(flow.c.event_seq))
            .group_by(mixture.c.material)
            .having(func.sum(signed) > ROUNDING * func.sum(mixture.c.mass_kg))
            .order_by(mixture.c.material)
        )
        return {material: mass for material, mass in self.connection.execute(query)}  # noqa: C416  # rows are no tuples to dict()

    def _content(self, lot_id: int, uri: str) -> dict[str, float]:
        """Return what a thing holds, by substance, as its events say."""
        flow = schema.lot_flow
        seqs = select(flow.c.event_seq).where(flow.c.lot_id == lot_id, in_force(flow.c.event_seq)).order_by(flow.c.event_seq)
        held: defaultdict[str, float] = defaultdict(float)
        for seq in self.connection.execute(seqs.distinct()).scalars().all():
            for name, lot, materials in flows_of(self.body(seq)):
                if lot == uri:
                    for material, mass in materials.items():
                        held[material] += mass if Flow(name) in _GAINS else -mass
        return {material: mass for material, mass in held.items() if mass > ROUNDING}

    def _last_gain(self, lot_id: int) -> datetime:
        flow, event = schema.lot_flow, schema.event
        query = select(func.max(event.c.event_time)).join(flow, flow.c.event_seq == event.c.seq)
        return moment(self.connection.execute(query.where(flow.c.lot_id == lot_id, flow.c.flow.in_(gains()))).scalar_one())

    def body(self, seq: int) -> dict[str, Any]:
        """Return one event as it stands in the ledger, with the context that it was captured in."""
        return orjson.loads(_as_captured(*self.connection.execute(_body_query(), {"seq": seq}).one()))

    def attributes(self, seq: int, uri: str) -> dict[str, str]:
        """Return what an event says of a lot that it describes, beside its kind, name and stream."""
        return attributes_in(self.body(seq), uri)

    def bodies(self, first: int = 1, as_of: datetime | None = None, *, in_force_only: bool = False) -> Iterator[bytes]:
        """Yield events as JSON in the order of capture.

        Parameters
        ----------
        first
            Number of the first event.
        as_of
            Only what was captured by then.
        in_force_only
            Whether error declarations, and the events that they withdrew, are left out.
        """
        event, context = schema.event, schema.context
        last = self.last(as_of)
        query = (
            select(event.c.body, context.c.body)
            .select_from(event.outerjoin(context))
            .where(event.c.seq >= first, event.c.seq <= last)
            .order_by(event.c.seq)
        )
        if in_force_only:
            declarations = select(schema.withdrawal.c.by_seq)
            query = query.where(in_force(event.c.seq, last), event.c.seq.not_in(declarations))
        with self.connection.execute(query, execution_options={"yield_per": _BODIES_AT_ONCE}) as found:
            for stored, around in found:
                yield _as_captured(stored, around)

    def last(self, as_of: datetime | None = None) -> int:
        """Return the number of the last event of the ledger, or of what was captured by a time; 0 where there is none."""
        if as_of is None:
            return self.connection.execute(_last_query()).scalar_one()
        event = schema.event
        later = select(func.min(event.c.seq)).where(event.c.record_time > microseconds(as_of)).scalar_subquery()
        query = select(func.coalesce(func.max(event.c.seq), 0)).where((event.c.seq < later) | later.is_(None))
        return self.connection.execute(query).scalar_one()

    def size(self) -> int:
        """Return how many events the ledger holds."""
        return self.last()


# Asked with every trace: putting them together anew takes longer than answering them.
@cache
def _body_query() -> Executable:
    event, context = schema.event, schema.context
    return select(event.c.body, context.c.body).select_from(event.outerjoin(context)).where(event.c.seq == bindparam("seq"))


@cache
def _last_query() -> Executable:
    return select(func.coalesce(func.max(schema.event.c.seq), 0))


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
        entries = entries_of(events, recorded or datetime.now(UTC))
        with self.writing() as book:
            return book.enter(entries)

    def bodies(self, first: int = 1, as_of: datetime | None = None, *, in_force_only: bool = False) -> Iterator[bytes]:
        """Yield events as JSON; see `Book.bodies`."""
        with self.reading() as book:
            yield from book.bodies(first, as_of, in_force_only=in_force_only)

    def size(self) -> int:
        """Return how many events the ledger holds."""
        with self.reading() as book:
            return book.size()


def _as_captured(stored: bytes, around: bytes | None) -> bytes:
    body = unpack(stored)
    return body if around is None else in_context(body, around)


def entries_of(events: Iterable[Event], recorded: datetime) -> list[Entry]:
    """Return the entries of events; an error names the event by its place."""
    entries: list[Entry] = []
    for index, event in enumerate(events):
        try:
            entries.append(entry_of(event, recorded))
        except VehicleNestError as error:
            raise error.at(field=f"event {index} ({event.biz_step or event.type})") from None
    return entries


def attributes_in(body: Mapping[str, Any], uri: str) -> dict[str, str]:
    """Return what an event says of a lot that it describes, beside its kind, name and stream."""
    described: list[dict[str, Any]] = (ours(body) or {}).get(f"{PREFIX}:lots", [])
    nothing: dict[str, Any] = {}
    found = next((item for item in described if item[f"{PREFIX}:id"] == uri), nothing)
    return {name.removeprefix(f"{PREFIX}:"): str(value) for name, value in found.items() if name not in _LOT_FIELDS}


def flows_of(body: dict[str, Any]) -> Iterator[tuple[str, str | None, dict[str, float]]]:
    """Yield flow, lot and masses by substance of an event's material flows, as the event says them."""
    flows: list[dict[str, Any]] = (ours(body) or {}).get(f"{PREFIX}:materialFlow", [])
    for flow in flows:
        materials = {name.removeprefix(f"{PREFIX}:"): float(mass) for name, mass in flow[f"{PREFIX}:massKg"].items()}
        yield flow[f"{PREFIX}:flow"], flow.get(f"{PREFIX}:lot"), materials
