"""The graph of lots: which lots an event turns into which, and how much of each. Trace and fates walk it.

A lot is a node. An event that consumes lots and produces others is an edge from each input to each output; of a mixed batch every
output carries every input in proportion to mass. What is received has no edge in; shipped, lost, unaccounted and what is still in
stock are the ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Column, Connection, Integer, Select, cast, column, func, literal, select

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger import schema
from vehiclenest.ledger.database import chunks
from vehiclenest.ledger.model import Flow


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row of the table `lot_flow`, as far as the graph needs it."""

    event_seq: int
    lot_id: int | None
    flow: str
    mass_kg: float
    route: str | None
    reason: str | None
    value_e4: int | None
    carbon_kg: float | None


_COLUMNS = (
    schema.lot_flow.c.event_seq,
    schema.lot_flow.c.lot_id,
    schema.lot_flow.c.flow,
    schema.lot_flow.c.mass_kg,
    schema.lot_flow.c.route,
    schema.lot_flow.c.reason,
    schema.lot_flow.c.value_e4,
    schema.lot_flow.c.carbon_kg,
)
_ENTERING = (Flow.RECEIVED.value, Flow.PRODUCED.value)
_LEAVING = (Flow.CONSUMED.value, Flow.SHIPPED.value)
_OUTPUT = (Flow.PRODUCED.value, Flow.LOST.value, Flow.UNACCOUNTED.value)
_INPUT = (Flow.CONSUMED.value,)

Rows = defaultdict[int, list[FlowRow]]


def _empty() -> Rows:
    return defaultdict(list)


@dataclass(slots=True)
class Graph:
    """Rows by lot and by event.

    `gained` is all the mass that ever came into a lot, in kg; `entering` and `leaving` are its rows; `inputs` and `outputs` are an
    event's. A graph that looks one way only has the rows of that way.
    """

    gained: dict[int, float] = field(default_factory=dict[int, float])
    entering: Rows = field(default_factory=_empty)
    leaving: Rows = field(default_factory=_empty)
    inputs: Rows = field(default_factory=_empty)
    outputs: Rows = field(default_factory=_empty)

    def products(self, lot: int) -> set[int]:
        """Return the lots that a lot was turned into."""
        return _others(self.leaving[lot], Flow.CONSUMED, self.outputs)

    def sources(self, lot: int) -> set[int]:
        """Return the lots that a lot was made of."""
        return _others(self.entering[lot], Flow.PRODUCED, self.inputs)


def _others(rows: list[FlowRow], flow: Flow, of_event: Rows) -> set[int]:
    return {other.lot_id for row in rows if row.flow == flow for other in of_event[row.event_seq] if other.lot_id is not None}


def in_order(lots: Iterable[int], following: Callable[[int], set[int]]) -> list[int]:
    """Return lots so that each stands before those that follow it.

    Raises
    ------
    ConflictError
        Where a lot follows itself: it was made out of itself.
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


def whole(connection: Connection) -> Graph:
    """Return the graph of everything in the ledger, looking forward."""
    graph = Graph()
    gained: defaultdict[int, float] = defaultdict(float)
    for row in (FlowRow(*found) for found in connection.execute(select(*_COLUMNS).order_by(schema.lot_flow.c.event_seq))):
        if row.flow in _ENTERING and row.lot_id is not None:
            gained[row.lot_id] += row.mass_kg
        elif row.lot_id is not None:
            graph.leaving[row.lot_id].append(row)
        if row.flow in _OUTPUT:
            graph.outputs[row.event_seq].append(row)
    graph.gained = dict(gained)
    return graph


def downstream(connection: Connection, lot: int) -> tuple[Graph, list[int]]:
    """Return the graph of everything made out of a lot, looking forward, and the lots in it, the given one included."""
    lots = _reachable(connection, lot, Flow.CONSUMED, Flow.PRODUCED)
    leaving = list(_rows(connection, schema.lot_flow.c.lot_id, lots, _LEAVING))
    outputs = _rows(connection, schema.lot_flow.c.event_seq, _events(leaving, Flow.CONSUMED), _OUTPUT)
    return Graph(_gained(connection, lots), leaving=_by_lot(leaving), outputs=_by_event(outputs)), lots


def upstream(connection: Connection, lot: int) -> tuple[Graph, list[int]]:
    """Return the graph of everything that a lot was made out of, looking back, and the lots in it, the given one included."""
    lots = _reachable(connection, lot, Flow.PRODUCED, Flow.CONSUMED)
    entering = list(_rows(connection, schema.lot_flow.c.lot_id, lots, _ENTERING))
    inputs = _rows(connection, schema.lot_flow.c.event_seq, _events(entering, Flow.PRODUCED), _INPUT)
    return Graph(_gained(connection, lots), entering=_by_lot(entering), inputs=_by_event(inputs)), lots


def _events(rows: list[FlowRow], flow: Flow) -> list[int]:
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


def _reachable(connection: Connection, lot: int, leaving: Flow, entering: Flow) -> list[int]:
    flow, other = schema.lot_flow, schema.lot_flow.alias("other")
    reach = select(cast(literal(lot), Integer).label("id")).cte("reach", recursive=True)
    step = (
        select(other.c.lot_id)
        .select_from(reach)
        .join(flow, flow.c.lot_id == reach.c.id)
        .join(other, other.c.event_seq == flow.c.event_seq)
        .where(flow.c.flow == leaving.value, other.c.flow == entering.value, other.c.lot_id.is_not(None))
    )
    query: Select[int] = select(column("id", Integer)).select_from(reach.union(step))
    return list(connection.execute(query).scalars())


def _gained(connection: Connection, lots: list[int]) -> dict[int, float]:
    flow = schema.lot_flow
    gained: dict[int, float] = {}
    for chunk in chunks(lots):
        query = (
            select(flow.c.lot_id, func.sum(flow.c.mass_kg))
            .where(flow.c.lot_id.in_(chunk), flow.c.flow.in_(_ENTERING))
            .group_by(flow.c.lot_id)
        )
        gained |= {lot: mass for lot, mass in connection.execute(query)}  # noqa: C416  # rows are no tuples to dict()
    return gained


def _rows(connection: Connection, key: Column[int], values: list[int], flows: tuple[str, ...]) -> Iterator[FlowRow]:
    flow = schema.lot_flow
    for chunk in chunks(values):
        query = select(*_COLUMNS).where(key.in_(chunk), flow.c.flow.in_(flows)).order_by(flow.c.event_seq, flow.c.position)
        for row in connection.execute(query):
            yield FlowRow(*row)
