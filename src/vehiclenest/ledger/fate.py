"""What becomes of the mass of a lot: shares by route, and what is in stock, lost or unaccounted. They sum to 1.

One backward pass over the graph: the fate of a lot is the mean of the fates of what it was turned into, weighted by mass.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from vehiclenest.ledger.graph import FlowRow, Graph, in_order
from vehiclenest.ledger.model import Flow

STOCK = "stock"


@dataclass(slots=True)
class Fate:
    """Per kg of a lot: share of mass by (end, lot it ended as), value in ten-thousandths and carbon in kg CO2e."""

    shares: defaultdict[tuple[str, int | None], float] = field(default_factory=lambda: defaultdict(float))
    value_e4: float = 0.0
    carbon_kg: float = 0.0

    def add(self, other: "Fate", factor: float) -> None:
        """Add another fate, times a factor."""
        for key, share in other.shares.items():
            self.shares[key] += share * factor
        self.value_e4 += other.value_e4 * factor
        self.carbon_kg += other.carbon_kg * factor


def fates(graph: Graph) -> dict[int, Fate]:
    """Return the fate of every lot of a graph.

    Raises
    ------
    ConflictError
        Where a lot was made out of itself.
    """
    result: dict[int, Fate] = {}
    events: dict[int, Fate] = {}
    for lot in reversed(in_order(graph.gained, graph.products)):
        result[lot] = _lot_fate(lot, graph, result, events)
    return result


def _lot_fate(lot: int, graph: Graph, result: dict[int, Fate], events: dict[int, Fate]) -> Fate:
    gained = graph.gained[lot]
    fate = Fate()
    if gained <= 0:
        return fate
    left = gained
    for row in graph.leaving[lot]:
        if row.flow == Flow.SHIPPED.value:
            fate.shares[row.route or Flow.SHIPPED.value, lot] += row.mass_kg / gained
            fate.value_e4 += (row.value_e4 or 0) / gained
            fate.carbon_kg += (row.carbon_kg or 0.0) / gained
        else:
            if row.event_seq not in events:
                events[row.event_seq] = _event_fate(graph.outputs[row.event_seq], result)
            fate.add(events[row.event_seq], row.mass_kg / gained)
        left -= row.mass_kg
    if abs(left) > 1e-12 * gained:
        fate.shares[STOCK, lot] += left / gained
    return fate


def _event_fate(outputs: list[FlowRow], result: dict[int, Fate]) -> Fate:
    fate = Fate()
    total = sum(row.mass_kg for row in outputs)
    if not total:
        return fate
    for row in outputs:
        if row.lot_id is None:
            fate.shares[row.flow, None] += row.mass_kg / total
        else:
            fate.add(result[row.lot_id], row.mass_kg / total)
    return fate
