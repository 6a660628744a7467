"""Every row of the ledger follows from the bytes of an event: here the rows are derived once more and compared with those stored.

Events are taken in pages of consecutive numbers; rows of a page that no event accounts for belong to none.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, func, select

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger import schema
from vehiclenest.ledger.booking import gains, outcome_of
from vehiclenest.ledger.entry import CODES, Entry, entry_of_document, hash_id, is_class, split, unpack
from vehiclenest.ledger.epcis import OURS
from vehiclenest.ledger.model import Flow
from vehiclenest.ledger.schema import named_lots
from vehiclenest.ledger.stored import Key, Page, Rows, StoredEvent, load_page

_OF_LOTS = frozenset(CODES[flow] for flow in (Flow.RECEIVED, Flow.CONSUMED, Flow.PRODUCED, Flow.SHIPPED))
_SHOWN = 120  # characters of a value in a message
_UNREADABLE = (VehicleNestError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError, zlib.error)


# What the values of a row are called, table and column; a text that stands in a dictionary has the name of its place there.
_VALUES = {
    "event": (
        "event.identity",
        "event.event_id",
        "event.type",
        "event.event_time",
        "event.record_time",
        "event.biz_step",
        "event.context_id",
        "event.body",
    ),
    "lot": ("description.kind", "description.name", "description.stream"),
    "lot_flow": (
        "lot_flow.lot_id",
        "lot_flow.flow",
        "lot_flow.mass_kg",
        "lot_flow.outcome_id",
        "lot_flow.value_e4",
        "lot_flow.carbon_kg",
        "lot_flow.through_kg",
    ),
    "mixture": ("mixture.mass_kg",),
    "information_flow": ("information_flow.kind", "information_flow.reference"),
    "mention": (),
    "withdrawal": (),
}


class Difference(NamedTuple):
    """Something stored that does not follow from an event; `seq` is None where it belongs to no event."""

    seq: int | None
    event: str | None
    table: str
    column: str | None
    what: str


class Derivation:
    """Compares the rows of a ledger with its events, page by page; then say `loose_rows`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._through: defaultdict[tuple[str, str], float] = defaultdict(float)  # running sums of lots that may be added to

    def differences(self, events: Sequence[StoredEvent], after: int | None, last: int | None) -> Iterator[Difference]:
        """Compare the rows of consecutive events with what follows from their bytes.

        Parameters
        ----------
        events
            All events whose number is above `after` and at most `last`.
        after, last
            None: from the beginning, to the end.
        """
        page = load_page(self._connection, after, last)
        for event in events:
            yield from self._of_event(event, page)
        for table, by_seq in page.rows.items():
            for seq, rows in by_seq.items():
                for key in rows:
                    yield Difference(
                        None, None, table, None, f"row {_row(key)} belongs to event {shown(seq)}, which is not there"
                    )

    def _of_event(self, event: StoredEvent, page: Page) -> Iterator[Difference]:
        stored = {table: page.take(table, event.seq) for table in page.rows}
        try:
            entry = _derive(event)
        except _UNREADABLE as error:
            yield Difference(
                event.seq, event.name, "event", "body", f"cannot be read: {type(error).__name__}: {shown(str(error))}"
            )
            return
        name = entry.event_id or hash_id(entry.identity)
        expected = _expected(entry, event.seq, page) | {"lot_flow": self._flows(entry)}
        expected["event"], stored["event"] = {(): _event_values(entry)}, {(): _stored_values(event)}
        expected["withdrawal"] = _withdrawals(self._connection, entry, event.seq)
        self._take_back(target for (target,) in expected["withdrawal"])
        for table, rows in expected.items():
            for key, column, what in _compare(rows, stored[table], _VALUES[table]):
                place, _, of = column.partition(".") if column else (table, "", None)
                yield Difference(event.seq, name, place, of, f"row {_row(key)} {what}" if key else what)

    def _flows(self, entry: Entry) -> Rows:
        rows: Rows = {}
        for position, flow in enumerate(entry.flows):
            uri, code, mass, _, _, value, carbon = flow
            name = split(uri) if uri is not None and code in _OF_LOTS else None
            through = None
            if uri is not None and name is not None and code in gains() and is_class(uri):
                self._through[name] += mass
                through = self._through[name]
            rows[position,] = (name, code, mass, outcome_of(flow), value, carbon, through)
        return rows

    def _take_back(self, withdrawn: Iterable[int]) -> None:
        """Take the flows of withdrawn events out of the running sums."""
        flow, named = schema.lot_flow, named_lots()
        for seq in withdrawn:
            query = select(named.c.prefix, named.c.reference, flow.c.mass_kg).join(named, named.c.id == flow.c.lot_id)
            gone = query.where(flow.c.event_seq == seq, flow.c.flow.in_(gains())).order_by(flow.c.position)
            for start, reference, mass in self._connection.execute(gone):
                self._through[start, reference] -= mass

    def loose_rows(self) -> Iterator[Difference]:
        """Yield what no event uses, beyond what a page shows: lots that nothing flows into, one lot under two numbers, unused texts."""
        lot, flow, prefix = schema.lot, schema.lot_flow, schema.prefix
        created = select(flow.c.lot_id).where(
            flow.c.event_seq == lot.c.event_seq, flow.c.lot_id == lot.c.id, flow.c.flow.in_(gains())
        )
        for seq, identity in self._connection.execute(select(lot.c.event_seq, lot.c.id).where(~created.exists())):
            event = seq if isinstance(seq, int) else None
            yield Difference(event, None, "lot", None, f"row ({identity}, {shown(seq)}): no flow of that event creates the lot")
        twice = (
            select(func.min(lot.c.event_seq), prefix.c.text, lot.c.reference)
            .join(prefix, prefix.c.id == lot.c.prefix_id)
            .group_by(prefix.c.text, lot.c.reference)
            .having(func.count(lot.c.id.distinct()) > 1)
        )
        for seq, start, reference in self._connection.execute(twice):
            yield Difference(seq, None, "lot", "id", f"{shown(start + reference)} stands under more than one number")
        for table, used in (
            (schema.context, select(schema.event.c.context_id).where(schema.event.c.context_id.is_not(None))),
            (prefix, select(lot.c.prefix_id)),
            (schema.description, select(lot.c.description_id)),
            (schema.outcome, select(flow.c.outcome_id).where(flow.c.outcome_id.is_not(None))),
        ):
            for (identity,) in self._connection.execute(select(table.c.id).where(table.c.id.not_in(used))):
                yield Difference(None, None, table.name, None, f"row {identity} is used by no event")


def _derive(event: StoredEvent) -> Entry:
    """Return the entry of the stored bytes, captured when the body says."""
    document = orjson.loads(unpack(event.body))
    context = OURS if event.context is None else OURS.within(orjson.loads(event.context))
    return entry_of_document(document, context, datetime.fromisoformat(document["recordTime"]))


def _event_values(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.identity,
        entry.event_id,
        entry.type,
        entry.event_time,
        entry.record_time,
        entry.biz_step,
        entry.context,
        unpack(entry.body),
    )


def _stored_values(event: StoredEvent) -> tuple[Any, ...]:
    return (
        event.identity,
        event.event_id,
        event.type,
        event.event_time,
        event.record_time,
        event.biz_step,
        event.context if event.context is not None or event.context_id is None else f"context {event.context_id}, not there",
        unpack(event.body),
    )


def _expected(entry: Entry, seq: int, page: Page) -> dict[str, Rows]:
    lots: Rows = {}
    for uri, *description in entry.lots:
        name = split(uri)
        if not (is_class(uri) and _before(page.described.get(name), seq)):  # such a lot is described once
            lots.setdefault(name, tuple(description))
    return {
        "lot": lots,
        "mixture": {(position, material): (mass,) for position, material, mass in entry.mixtures},
        "information_flow": {(position,): row for position, row in enumerate(entry.information)},
        "mention": dict.fromkeys(entry.mentions, ()),
    }


def _before(described: Any, seq: int) -> bool:
    return isinstance(described, int) and described < seq


def _withdrawals(connection: Connection, entry: Entry, seq: int) -> Rows:
    """Return the row by which an error declaration withdraws an event, unless an earlier one has."""
    if entry.declared is None:
        return {}
    event, withdrawal = schema.event, schema.withdrawal
    earlier = select(func.max(event.c.seq)).where(event.c.seq < seq)
    target = connection.execute(earlier.where(event.c.identity == entry.declared)).scalar()
    if target is None and entry.event_id is not None:
        target = connection.execute(earlier.where(event.c.event_id == entry.event_id)).scalar()
    if target is None:
        return {}
    by = connection.execute(select(withdrawal.c.by_seq).where(withdrawal.c.event_seq == target)).scalar()
    return {} if _before(by, seq) else {(target,): ()}


def _compare(expected: Rows, stored: Rows, columns: Sequence[str]) -> Iterator[tuple[Key, str | None, str]]:
    if expected == stored:
        return
    for key, values in expected.items():
        found = stored.get(key)
        if found is None:
            yield key, None, "is missing"
            continue
        for column, right, is_there in zip(columns, values, found, strict=True):
            if right != is_there:
                yield key, column, f"holds {shown(is_there)}; the event says {shown(right)}"
    for key in stored.keys() - expected.keys():
        yield key, None, "does not follow from the event"


def _row(key: Key) -> str:
    """Return what names a row, beside its event."""
    return " ".join(map(shown, key))


def shown(value: Any) -> str:
    """Return a value as a message shows it: printable, and short."""
    text = printable(value) if isinstance(value, str) else ascii(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def printable(text: str) -> str:
    """Return a text without control characters: what was changed may be anything."""
    return text if text.isprintable() else ascii(text)
