"""The graph of lots: which lots an event turns into which, and how much of each. Trace and fates walk it.

A lot is a node. An event that consumes lots and produces others is an edge from each input to each output; of a mixed batch every
output carries every input in proportion to mass. What is received has no edge in; shipped, lost, unaccounted and what is still in
stock are the ends.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Integer, Select, cast, column, literal, select

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger import schema
from vehiclenest.ledger.model import Flow

_CHUNK = 500


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
_OUT_OF_EVENT = (Flow.PRODUCED.value, Flow.LOST.value, Flow.UNACCOUNTED.value)
_INTO_LOT = frozenset({Flow.RECEIVED.value, Flow.PRODUCED.value})


@dataclass(slots=True)
class Graph:
    """Rows by lot and by event."""

    by_lot: defaultdict[int, list[FlowRow]] = field(default_factory=lambda: defaultdict(list))
    outputs: defaultdict[int, list[FlowRow]] = field(default_factory=lambda: defaultdict(list))
    inputs: defaultdict[int, list[FlowRow]] = field(default_factory=lambda: defaultdict(list))

    def add(self, rows: Iterable[FlowRow]) -> None:
        """Add rows of the ledger; a row is added once."""
        for row in rows:
            if row.lot_id is not None:
                self.by_lot[row.lot_id].append(row)
            if row.flow in _OUT_OF_EVENT:
                self.outputs[row.event_seq].append(row)
            elif row.flow == Flow.CONSUMED.value:
                self.inputs[row.event_seq].append(row)

    def gained(self, lot: int) -> float:
        """Return all the mass that ever came into a lot, in kg."""
        return sum(row.mass_kg for row in self.by_lot[lot] if row.flow in _INTO_LOT)

    def in_order(self, lots: Iterable[int]) -> list[int]:
        """Return lots so that a lot stands before everything made out of it.

        Raises
        ------
        ConflictError
            Where a lot was made out of itself.
        """
        following = {lot: self._made_of(lot) for lot in lots}
        waiting: defaultdict[int, int] = defaultdict(int)
        for targets in following.values():
            for target in targets:
                waiting[target] += 1
        ready = [lot for lot in following if not waiting[lot]]
        order: list[int] = []
        while ready:
            lot = ready.pop()
            order.append(lot)
            for target in following.get(lot, ()):
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        if len(order) < len(following):
            raise ConflictError("a lot was made out of itself", expected="transformations without a cycle")
        return order

    def _made_of(self, lot: int) -> set[int]:
        return {
            output.lot_id
            for row in self.by_lot[lot]
            if row.flow == Flow.CONSUMED.value
            for output in self.outputs[row.event_seq]
            if output.lot_id is not None
        }


def whole(connection: Connection) -> Graph:
    """Return the graph of everything in the ledger."""
    graph = Graph()
    graph.add(FlowRow(*row) for row in connection.execute(select(*_COLUMNS).order_by(schema.lot_flow.c.event_seq)))
    return graph


def downstream(connection: Connection, lot: int) -> tuple[Graph, list[int]]:
    """Return the graph of everything made out of a lot, and the lots in it, the given one included."""
    return _reachable(connection, lot, Flow.CONSUMED, Flow.PRODUCED)


def upstream(connection: Connection, lot: int) -> tuple[Graph, list[int]]:
    """Return the graph of everything that a lot was made out of, and the lots in it, the given one included."""
    return _reachable(connection, lot, Flow.PRODUCED, Flow.CONSUMED)


def _reachable(connection: Connection, lot: int, leaving: Flow, entering: Flow) -> tuple[Graph, list[int]]:
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
    lots = list(connection.execute(query).scalars())
    graph = Graph()
    rows: dict[tuple[int, int], FlowRow] = {}
    position = schema.lot_flow.c.position
    for chunk in (lots[i : i + _CHUNK] for i in range(0, len(lots), _CHUNK)):
        for *row, place in connection.execute(select(*_COLUMNS, position).where(flow.c.lot_id.in_(chunk))):
            rows[row[0], place] = FlowRow(*row)
    events = sorted({row.event_seq for row in rows.values() if row.flow == leaving.value})
    for chunk in (events[i : i + _CHUNK] for i in range(0, len(events), _CHUNK)):
        for *row, place in connection.execute(select(*_COLUMNS, position).where(flow.c.event_seq.in_(chunk))):
            rows[row[0], place] = FlowRow(*row)
    graph.add(rows[key] for key in sorted(rows))
    return graph, lots
