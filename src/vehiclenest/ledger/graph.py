"""The graph of lots: which lots an event turns into which, and how much of each. A trace walks it.

A lot is a node. An event that consumes lots and produces others is an edge from each input to each output; of a mixed batch every
output carries every input in proportion to mass. What is received has no edge in; shipped, lost, unaccounted and what is still in
stock are the ends. Foreign identifiers form a graph beside it, without mass: what went into what.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
    Select,
    String,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
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
_LOT, _OWN, _OTHER = range(3)  # parts of a walk
_PARTS = 3
_THING, _MIXED, _WITHDRAWN = range(3)  # parts of what is asked of gains


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row of the table `lot_flow`, as far as the graph needs it."""

    event_seq: int
    lot_id: int | None
    flow: int
    mass_kg: float
    route: str | None
    reason: str | None


Flows = tuple[int, ...]
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
    down, up = Graph([]), Graph([])
    lots = {_LOT: down.lots, _PARTS + _LOT: up.lots}
    own = {_OWN: down.leaving, _PARTS + _OWN: up.entering}
    others = {_OTHER: down.outputs, _PARTS + _OTHER: up.inputs}
    for part, event, of, *rest, _ in connection.execute(_walks_query(), {"lot": lot, "last": last}).all():
        if part in own:
            own[part][of].append(FlowRow(event, of, *rest))
        elif part in others:
            others[part][event].append(FlowRow(event, of, *rest))
        else:
            lots[part].append(of)
    down.gained = up.gained = gained(connection, sorted({*down.lots, *up.lots}), last)
    return down, up


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


# A trace asks several questions: putting each together anew would take longer than answering it.
@cache
def _walks_query() -> Executable:
    """Return how to walk from a lot to all that came of it, and to all that it came from, in one question."""
    walks = [*_walk(CONSUMED, PRODUCED, _LEAVING, _OUTPUT, 0), *_walk(PRODUCED, CONSUMED, _ENTERING, _INPUT, _PARTS)]
    return union_all(*walks).order_by(column("event_seq"), column("position"), column("lot_id"))


def _walk(out: int, into: int, own_side: Flows, other_side: Flows, first: int) -> list[Select[*tuple[Any, ...]]]:
    """Return the lots that rows `out` of a lot lead to, their own rows on that side, and the other side of the events on the way."""
    flow, other, last = schema.lot_flow, schema.lot_flow.alias("other"), bindparam("last", type_=BigInteger)
    reach = select(cast(bindparam("lot"), BigInteger).label("id")).cte(f"reach_{out}", recursive=True)
    step = (
        select(other.c.lot_id)
        .select_from(reach)
        .join(flow, flow.c.lot_id == reach.c.id)
        .join(other, other.c.event_seq == flow.c.event_seq)
        .where(flow.c.flow == out, other.c.flow == into, other.c.lot_id.is_not(None), in_force(flow.c.event_seq, last))
    )
    reach = reach.union(step)
    reached = select(reach.c.id)
    leading = select(flow.c.event_seq).where(flow.c.lot_id.in_(reached), flow.c.flow == out)
    # Lists, not joins: each database then looks its few lots and events up by index, whichever way its planner leans.
    own = [
        _flow_columns(first + _OWN, flow).where(flow.c.lot_id.in_(reached), flow.c.flow == code, in_force(flow.c.event_seq, last))
        for code in own_side  # one by one: of two a planner makes a filter, and reads all that ever came into a tank
    ]
    others = _flow_columns(first + _OTHER, other).where(
        other.c.event_seq.in_(leading), other.c.flow.in_(other_side), in_force(other.c.event_seq, last)
    )
    lots = select(literal(first + _LOT), null(), reach.c.id.label("lot_id"), *(null() for _ in range(5)))
    return [*own, others, lots]


def _flow_columns(part: int, flow: FromClause) -> Select[*tuple[Any, ...]]:
    # Outcomes are looked up row by row: few rows have one, and a planner that joins reads the whole table of them.
    outcome = schema.outcome
    route, reason = (
        select(column).where(outcome.c.id == flow.c.outcome_id).scalar_subquery()
        for column in (outcome.c.route, outcome.c.reason)
    )
    return select(literal(part), flow.c.event_seq, flow.c.lot_id, flow.c.flow, flow.c.mass_kg, route, reason, flow.c.position)


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
    added_to: list[tuple[int, int, float]] = []  # lot, newest event of its running sum, the sum
    withdrawn: list[tuple[int, int]] = []
    for part, of, number, mass, another, other_mass in connection.execute(
        _gained_query(), {"lots": list(lots), "last": last}
    ).all():
        if part == _THING:
            found[of] = mass
        elif part == _MIXED:
            added_to.append((of, *max((number or 0, mass or 0.0), (another or 0, other_mass or 0.0))))
        else:
            withdrawn.append((of, number))
    for lot, newest, through in added_to:
        found[lot] = through - _gained_in(connection, lot, [event for event, by in withdrawn if by > newest])
    return found


@cache
def _gained_query() -> Executable:
    """Return how to ask for the gains of things, for the running sums of lots that may be added to, and for what was withdrawn."""
    lot, flow, prefix, withdrawal = schema.lot, schema.lot_flow, schema.prefix, schema.withdrawal
    last = bindparam("last", type_=BigInteger)
    asked = select(lot.c.id).join(prefix).where(Among(lot.c.id, whole_numbers("lots"))).distinct()
    of_class = prefix.c.text.startswith(CLASS, autoescape=True)
    thing, known = asked.where(~of_class).subquery("thing"), asked.where(of_class).subquery("known")
    newest: list[ScalarSelect[Any]] = []
    for code in _ENTERING:
        rows = [flow.c.lot_id == known.c.id, flow.c.flow == code, flow.c.event_seq <= last]
        for value in (flow.c.event_seq, flow.c.through_kg):
            query = select(value).where(*rows).order_by(flow.c.event_seq.desc(), flow.c.position.desc()).limit(1)
            newest.append(query.scalar_subquery().correlate(known))
    things = (
        select(literal(_THING), flow.c.lot_id, null(), func.sum(flow.c.mass_kg), null(), null())
        .join(thing, thing.c.id == flow.c.lot_id)
        .where(flow.c.flow.in_(_ENTERING), in_force(flow.c.event_seq, last))
        .group_by(flow.c.lot_id)
    )
    nothing = (null(), null(), null())
    withdrawals = select(literal(_WITHDRAWN), withdrawal.c.event_seq, withdrawal.c.by_seq, *nothing).where(
        withdrawal.c.by_seq <= last
    )
    return union_all(select(literal(_MIXED), known.c.id, *newest), things, withdrawals)


def _gained_in(connection: Connection, lot: int, events: list[int]) -> float:
    """Return what came into a lot in these events, which were withdrawn since its running sum was written."""
    if not events:
        return 0.0
    flow = schema.lot_flow
    query = select(func.sum(flow.c.mass_kg)).where(flow.c.lot_id == lot, flow.c.flow.in_(_ENTERING))
    return sum(connection.execute(query.where(flow.c.event_seq.in_(chunk))).scalar() or 0.0 for chunk in chunks(events))
