"""Rows as they are stored, page by page: what a verification compares with what follows from the events."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Executable, and_, select, true, type_coerce
from sqlalchemy.types import NullType

from vehiclenest.ledger import schema
from vehiclenest.ledger.entry import hash_id

TABLES = ("lot", "lot_flow", "mixture", "information_flow", "mention", "withdrawal")  # beside the events themselves
Key = tuple[Any, ...]
Rows = dict[Key, tuple[Any, ...]]


class StoredEvent(NamedTuple):
    """A row of the table `event`, untouched by types: a changed database may hold text where bytes belong."""

    seq: int
    identity: Any
    event_id: Any
    type: Any
    event_time: Any
    record_time: Any
    biz_step: Any
    context_id: Any
    context: Any
    body: Any

    @property
    def entry(self) -> bytes | None:
        """What the leaf hash is of; None where it cannot be, because it is not bytes."""
        around = b"" if self.context is None else self.context
        return self.body + around if isinstance(self.body, bytes) and isinstance(around, bytes) else None

    @property
    def name(self) -> str | None:
        """Event id, as the row has it."""
        if self.event_id is None:
            return hash_id(self.identity) if isinstance(self.identity, bytes) else None
        return str(self.event_id)


def raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column whose values are taken as the driver gives them."""
    return type_coerce(column, NullType())


def events_after(connection: Connection, seq: int | None, most: int) -> list[StoredEvent]:
    """Return the next events, in order; the first ones for None."""
    event, context = schema.event, schema.context
    query = (
        select(
            event.c.seq,
            raw(event.c.identity),
            event.c.event_id,
            event.c.type,
            event.c.event_time,
            event.c.record_time,
            event.c.biz_step,
            event.c.context_id,
            raw(context.c.body),
            raw(event.c.body),
        )
        .select_from(event.outerjoin(context))
        .order_by(event.c.seq)
        .limit(most)
    )
    if seq is not None:
        query = query.where(event.c.seq > seq)
    return [StoredEvent(*row) for row in connection.execute(query)]


@dataclass(slots=True)
class Page:
    """Rows stored for events of a page: by table, event number and key. `names` are lots by id, `described` where each was first."""

    rows: dict[str, defaultdict[Any, Rows]]
    names: dict[Any, tuple[str, str]] = field(default_factory=dict[Any, tuple[str, str]])
    described: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def take(self, table: str, seq: int) -> Rows:
        """Take the rows of an event out of the page."""
        return self.rows[table].pop(seq, {})


def load_page(connection: Connection, after: int | None, last: int | None) -> Page:
    """Return the rows of events whose number is above `after` and at most `last`; None: from the beginning, to the end."""
    page = Page({table: defaultdict(dict) for table in TABLES})

    def fill(table: str, query: Executable, keys: int) -> None:
        rows = page.rows[table]
        for seq, *row in connection.execute(query):
            rows[seq][tuple(row[:keys])] = tuple(row[keys:])

    mixture, information, mention, withdrawal = schema.mixture, schema.information_flow, schema.mention, schema.withdrawal
    _load_lots(connection, page, after, last)
    _load_flows(connection, page, after, last)
    columns = (mixture.c.event_seq, mixture.c.position, mixture.c.material, mixture.c.mass_kg)
    fill("mixture", select(*columns).where(_within(mixture.c.event_seq, after, last)), 2)
    columns = (information.c.event_seq, information.c.position, information.c.kind, information.c.reference)
    fill("information_flow", select(*columns).where(_within(information.c.event_seq, after, last)), 1)
    columns = (mention.c.event_seq, mention.c.uri, mention.c.role)
    fill("mention", select(*columns).where(_within(mention.c.event_seq, after, last)), 2)
    columns = (withdrawal.c.by_seq, withdrawal.c.event_seq)
    fill("withdrawal", select(*columns).where(_within(withdrawal.c.by_seq, after, last)), 1)
    return page


def _load_lots(connection: Connection, page: Page, after: int | None, last: int | None) -> None:
    """Load the lots that flow in the page, with every description of theirs."""
    lot, flow, prefix, description = schema.lot, schema.lot_flow, schema.prefix, schema.description
    used = select(flow.c.lot_id).where(_within(flow.c.event_seq, after, last), flow.c.lot_id.is_not(None))
    query = (
        select(
            lot.c.event_seq,
            lot.c.id,
            prefix.c.text,
            lot.c.reference,
            description.c.kind,
            description.c.name,
            description.c.stream,
        )
        .select_from(lot.outerjoin(prefix).outerjoin(description))
        .where(lot.c.id.in_(used))
        .order_by(lot.c.event_seq)
    )
    rows = page.rows["lot"]
    for seq, identity, start, reference, *values in connection.execute(query):
        name = (start, reference)
        page.names.setdefault(identity, name)
        page.described.setdefault(name, seq)
        if _inside(seq, after, last):
            key = (*name, identity) if name in rows[seq] else name  # a second row of the name follows from nothing
            rows[seq][key] = tuple(values)


def _load_flows(connection: Connection, page: Page, after: int | None, last: int | None) -> None:
    flow, outcome = schema.lot_flow, schema.outcome
    query = (
        select(
            flow.c.event_seq,
            flow.c.position,
            flow.c.lot_id,
            flow.c.flow,
            flow.c.mass_kg,
            flow.c.outcome_id,
            outcome.c.route,
            outcome.c.reason,
            flow.c.value_e4,
            flow.c.carbon_kg,
            flow.c.through_kg,
        )
        .select_from(flow.outerjoin(outcome))
        .where(_within(flow.c.event_seq, after, last))
    )
    rows = page.rows["lot_flow"]
    for seq, position, lot, code, mass, outcome_id, route, reason, value, carbon, through in connection.execute(query):
        name = None if lot is None else page.names.get(lot, f"lot {lot}, not there")
        rows[seq][position,] = (name, code, mass, None if outcome_id is None else (route, reason), value, carbon, through)


def _within(column: ColumnElement[int], after: int | None, last: int | None) -> ColumnElement[bool]:
    above = true() if after is None else column > after
    return above if last is None else and_(above, column <= last)


def _inside(seq: Any, after: int | None, last: int | None) -> bool:
    return isinstance(seq, int) and (after is None or seq > after) and (last is None or seq <= last)
