"""The graph of lots: which lots an event turns into which, and how much of each. A trace walks it.

A lot is a node. An event that consumes lots and produces others is an edge from each input to each output; of a mixed batch every
output carries every input in proportion to mass. What is received has no edge in; shipped, lost, unaccounted and what is still in
stock are the ends. Foreign identifiers form a graph beside it, without mass: what went into what.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Join,
    ScalarSelect,
    String,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    or_,
    select,
)

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger import schema
from vehiclenest.ledger.database import Among, chunks, whole_numbers
from vehiclenest.ledger.entry import CHILD, CLASS, CODES, INPUT, OUTPUT, PARENT, TRANSFORMATION, split
from vehiclenest.ledger.model import Flow
from vehiclenest.ledger.schema import NEWEST, in_force, named_lots

RECEIVED, CONSUMED, PRODUCED, SHIPPED = (CODES[flow] for flow in (Flow.RECEIVED, Flow.CONSUMED, Flow.PRODUCED, Flow.SHIPPED))
_ENTERING = (RECEIVED, PRODUCED)
_LEAVING = (CONSUMED, SHIPPED)
_OUTPUT = (PRODUCED, CODES[Flow.LOST], CODES[Flow.UNACCOUNTED])
_INPUT = (CONSUMED,)


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row of the table `lot_flow`, as far as the graph needs it."""

    event_seq: int
    lot_id: int | None
    flow: int
    mass_kg: float
    route: str | None
    reason: str | None


Rows = defaultdict[int, list[FlowRow]]


def _empty() -> Rows:
    return defaultdict(list)


@dataclass(slots=True)
class Graph:
    """Rows by lot and by event, looking one way.

    `lots` are the lots in it; `gained` is all the mass that ever came into each, in kg; `entering` and `leaving` are its rows;
    `inputs` and `outputs` are an event's.
    """

    lots: list[int]
    gained: dict[int, float] = field(default_factory=dict[int, float])
    entering: Rows = field(default_factory=_empty)
    leaving: Rows = field(default_factory=_empty)
    inputs: Rows = field(default_factory=_empty)
    outputs: Rows = field(default_factory=_empty)

    def products(self, lot: int) -> set[int]:
        """Return the lots that a lot was turned into."""
        return _others(self.leaving[lot], CONSUMED, self.outputs)

    def sources(self, lot: int) -> set[int]:
        """Return the lots that a lot was made of."""
        return _others(self.entering[lot], PRODUCED, self.inputs)


def _others(rows: list[FlowRow], flow: int, of_event: Rows) -> set[int]:
    return {other.lot_id for row in rows if row.flow == flow for other in of_event[row.event_seq] if other.lot_id is not None}


def in_order(lots: Iterable[int], following: Callable[[int], set[int]]) -> list[int]:
    """Return lots so that each stands before those that follow it.

    Raises
    ------
    ConflictError
        Where a lot follows itself: it was made out of itself, which capture refuses and a changed database may hold.
    """
    after = {lot: following(lot) for lot in lots}
    waiting: defaultdict[int, int] = defaultdict(int)
    for targets in after.values():
        for target in targets:
            waiting[target] += 1
    ready = [lot for lot in after if not waiting[lot]]
    order: list[int] = []
    while ready:
        lot = ready.pop()
        order.append(lot)
        for target in after.get(lot, ()):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(order) < len(after):
        raise ConflictError("a lot was made out of itself", expected="transformations without a cycle")
    return order


def around(connection: Connection, lot: int, last: int) -> tuple[Graph, Graph]:
    """Return the graphs of all that a lot was turned into and of all that it was made of by the event number `last`, itself included."""
    down, up = _downstream(connection, lot, last), _upstream(connection, lot, last)
    down.gained = up.gained = gained(connection, sorted({*down.lots, *up.lots}), last)
    return down, up


def _downstream(connection: Connection, lot: int, last: int) -> Graph:
    lots = _reachable(connection, lot, CONSUMED, PRODUCED, last)
    leaving = list(_rows(connection, "lot_id", lots, _LEAVING, last))
    outputs = _rows(connection, "event_seq", _events(leaving, CONSUMED), _OUTPUT, last)
    return Graph(lots, leaving=_by_lot(leaving), outputs=_by_event(outputs))


def _upstream(connection: Connection, lot: int, last: int) -> Graph:
    lots = _reachable(connection, lot, PRODUCED, CONSUMED, last)
    entering = list(_rows(connection, "lot_id", lots, _ENTERING, last))
    inputs = _rows(connection, "event_seq", _events(entering, PRODUCED), _INPUT, last)
    return Graph(lots, entering=_by_lot(entering), inputs=_by_event(inputs))


def went_into(connection: Connection, uri: str, last: int) -> list[str]:
    """Return the identifiers that a foreign one went into: outputs of transformations, things that contain it."""
    return _connected(connection, uri, ((INPUT, OUTPUT), (CHILD, PARENT)), last)


def made_of(connection: Connection, uri: str, last: int) -> list[str]:
    """Return the identifiers that a foreign one was made of: inputs of transformations, things that it contains."""
    return _connected(connection, uri, ((OUTPUT, INPUT), (PARENT, CHILD)), last)


def sources(connection: Connection, uris: Sequence[str]) -> set[str]:
    """Return what things were directly made of, ours and foreign ones."""
    found: set[str] = set()
    flow, other, made, of = schema.lot_flow, schema.lot_flow.alias("other"), named_lots(), named_lots().alias("input")
    for chunk in chunks(list(uris)):
        wanted = set(map(split, chunk))
        query = (
            select(made.c.prefix, made.c.reference, of.c.prefix + of.c.reference)
            .select_from(made)
            .join(flow, (flow.c.lot_id == made.c.id) & (flow.c.flow == PRODUCED))
            .join(other, (other.c.event_seq == flow.c.event_seq) & (other.c.flow == CONSUMED))
            .join(of, of.c.id == other.c.lot_id)
            .where(made.c.reference.in_([reference for _, reference in wanted]), in_force(flow.c.event_seq))
        )
        found |= {source for start, reference, source in connection.execute(query) if (start, reference) in wanted}
        one, another = schema.mention, schema.mention.alias("another")
        event, joined = _same_transformation(one, another)
        foreign = (
            select(another.c.uri)
            .select_from(joined)
            .where(one.c.uri.in_(chunk), one.c.role == OUTPUT, another.c.role == INPUT, in_force(event))
        )
        found.update(connection.execute(foreign).scalars())
    return found


def _events(rows: list[FlowRow], flow: int) -> list[int]:
    return sorted({row.event_seq for row in rows if row.flow == flow})


def _by_lot(rows: Iterable[FlowRow]) -> Rows:
    found = _empty()
    for row in rows:
        if row.lot_id is not None:
            found[row.lot_id].append(row)
    return found


def _by_event(rows: Iterable[FlowRow]) -> Rows:
    found = _empty()
    for row in rows:
        found[row.event_seq].append(row)
    return found


def _reachable(connection: Connection, lot: int, leaving: int, entering: int, last: int) -> list[int]:
    values = {"lot": lot, "leaving": leaving, "entering": entering, "last": last}
    return list(connection.execute(_reachable_query(), values).scalars())


# A trace asks a score of questions: putting each together anew would take longer than answering it.
@cache
def _reachable_query() -> Executable:
    flow, other = schema.lot_flow, schema.lot_flow.alias("other")
    reach = select(cast(bindparam("lot"), BigInteger).label("id")).cte("reach", recursive=True)
    step = (
        select(other.c.lot_id)
        .select_from(reach)
        .join(flow, flow.c.lot_id == reach.c.id)
        .join(other, other.c.event_seq == flow.c.event_seq)
        .where(flow.c.flow == bindparam("leaving"), other.c.flow == bindparam("entering"), other.c.lot_id.is_not(None))
        .where(in_force(flow.c.event_seq, bindparam("last", type_=BigInteger)))
    )
    return select(column("id", BigInteger)).select_from(reach.union(step))


def _connected(connection: Connection, uri: str, roles: tuple[tuple[int, int], ...], last: int) -> list[str]:
    reach = select(cast(literal(uri), String(512)).label("uri")).cte("reach", recursive=True)
    one, another = schema.mention.alias("one"), schema.mention.alias("another")
    event, joined = _same_transformation(one, another)
    step = (
        select(another.c.uri)
        .select_from(joined.join(reach, reach.c.uri == one.c.uri))
        .where(or_(*(and_(one.c.role == start, another.c.role == end) for start, end in roles)), in_force(event, last))
    )
    found = connection.execute(select(column("uri", String)).select_from(reach.union(step))).scalars()
    return sorted({name for name in found if name != uri})


def _same_transformation(one: FromClause, another: FromClause) -> tuple[ColumnElement[int], Join]:
    """Join the mentions of one event, or of all events of one transformation."""
    own, same = schema.mention.alias("own_transformation"), schema.mention.alias("same_transformation")
    event = func.coalesce(same.c.event_seq, one.c.event_seq)
    joined = (
        one.outerjoin(own, (own.c.event_seq == one.c.event_seq) & (own.c.role == TRANSFORMATION))
        .outerjoin(same, (same.c.uri == own.c.uri) & (same.c.role == TRANSFORMATION))
        .join(another, another.c.event_seq == event)
    )
    return event, joined


def gained(connection: Connection, lots: Sequence[int], last: int = NEWEST) -> dict[int, float]:
    """Return all the mass that ever came into each of the lots by the event number `last`, in kg; lots without any are left out."""
    found: dict[int, float] = {}
    things, sums = _gained_queries()
    values = {"lots": list(lots), "last": last}
    found.update((lot, mass) for lot, mass in connection.execute(things, values).all())
    mixed = list(connection.execute(sums, values))
    withdrawn = _withdrawn(connection, last) if mixed else []
    for lot, *newest in mixed:
        seq, through = max(zip(newest[::2], newest[1::2], strict=True), key=lambda pair: pair[0] or 0)
        since = [event for event, by in withdrawn if by > (seq or 0)]
        found[lot] = (through or 0.0) - _gained_in(connection, lot, since)
    return found


@cache
def _gained_queries() -> tuple[Executable, Executable]:
    """Return how to ask for the gains of things, and for the running sums of lots that may be added to."""
    lot, flow, prefix = schema.lot, schema.lot_flow, schema.prefix
    wanted, last = whole_numbers("lots"), bindparam("last", type_=BigInteger)
    asked = select(lot.c.id).join(prefix).where(Among(lot.c.id, wanted)).distinct()
    of_class = prefix.c.text.startswith(CLASS, autoescape=True)
    thing, known = asked.where(~of_class).subquery("thing"), asked.where(of_class).subquery("known")
    things = (
        select(flow.c.lot_id, func.sum(flow.c.mass_kg))
        .join(thing, thing.c.id == flow.c.lot_id)
        .where(flow.c.flow.in_(_ENTERING), in_force(flow.c.event_seq, last))
        .group_by(flow.c.lot_id)
    )
    newest: list[ScalarSelect[Any]] = []
    for code in _ENTERING:
        rows = [flow.c.lot_id == known.c.id, flow.c.flow == code, flow.c.event_seq <= last]
        for value in (flow.c.event_seq, flow.c.through_kg):
            query = select(value).where(*rows).order_by(flow.c.event_seq.desc(), flow.c.position.desc()).limit(1)
            newest.append(query.scalar_subquery().correlate(known))
    return things, select(known.c.id, *newest)


def _withdrawn(connection: Connection, last: int) -> list[tuple[int, int]]:
    withdrawal = schema.withdrawal
    query = select(withdrawal.c.event_seq, withdrawal.c.by_seq).where(withdrawal.c.by_seq <= last)
    return [(event, by) for event, by in connection.execute(query)]


def _gained_in(connection: Connection, lot: int, events: list[int]) -> float:
    """Return what came into a lot in these events, which were withdrawn since its running sum was written."""
    flow = schema.lot_flow
    query = select(func.sum(flow.c.mass_kg)).where(flow.c.lot_id == lot, flow.c.flow.in_(_ENTERING))
    return sum(connection.execute(query.where(flow.c.event_seq.in_(chunk))).scalar() or 0.0 for chunk in chunks(events))


def _rows(connection: Connection, key: str, values: list[int], flows: tuple[int, ...], last: int) -> Iterator[FlowRow]:
    for row in connection.execute(_rows_query(key, flows), {"values": values, "last": last}).all():
        yield FlowRow(*row)


@cache
def _rows_query(key: str, flows: tuple[int, ...]) -> Executable:
    flow, outcome = schema.lot_flow, schema.outcome
    columns = (flow.c.event_seq, flow.c.lot_id, flow.c.flow, flow.c.mass_kg, outcome.c.route, outcome.c.reason)
    return (
        select(*columns)
        .select_from(flow.outerjoin(outcome))
        .where(Among(flow.c[key], whole_numbers("values")), flow.c.flow.in_(flows))
        .where(in_force(flow.c.event_seq, bindparam("last", type_=BigInteger)))
        .order_by(flow.c.event_seq, flow.c.position)
    )
