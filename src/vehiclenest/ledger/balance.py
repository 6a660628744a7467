"""Balances of the four flows over a span of time, by stage, by material or by vehicle."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from vehiclenest.core.errors import InputError
from vehiclenest.ledger import schema
from vehiclenest.ledger.fate import Fate, fates
from vehiclenest.ledger.graph import whole
from vehiclenest.ledger.model import Flow
from vehiclenest.ledger.store import Ledger, microseconds

By = Literal["stage", "material", "vehicle"]
_DAY = 86_400_000_000  # microseconds
UNVERIFIED = "unverified_constant"  # kind of an information flow that names a constant nobody verified


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the ledger: days from `first` to `last`, both included, UTC, None is open; events from number `first_event` on."""

    first: date | None = None
    last: date | None = None
    first_event: int = 1

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise InputError(f"{self.first} is after {self.last}", expected="a first day that is not after the last")

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on the event's time."""
        time = schema.event.c.event_time
        condition: ColumnElement[bool] = schema.event.c.seq >= self.first_event if self.first_event > 1 else true()
        if self.first:
            condition &= time >= _midnight(self.first)
        if self.last:
            condition &= time < _midnight(self.last) + _DAY
        return condition


def _midnight(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def balance(ledger: Ledger, by: By = "stage", span: Span | None = None) -> dict[str, Any]:
    """Return the four flows: material in kg, energy in kWh by carrier, money by currency, information by kind of document.

    Money is exact and written as text. Rows are by stage, by material (with stock), or by vehicle (with what became of it).
    """
    within = span or Span()
    with ledger.engine.connect() as connection:
        material = {"stage": _by_stage, "material": _by_material, "vehicle": _by_vehicle}[by](connection, within)
        return {
            "by": by,
            "from": within.first.isoformat() if within.first else None,
            "to": within.last.isoformat() if within.last else None,
            "material": material,
            "total": _total(connection, within),
            "energy_kwh": _energy(connection, within),
            "money": _money(connection, within),
            "information": _information(connection, within),
            "unverified": unverified_constants(connection, within),
            "foreign_events": _foreign(connection, within),
        }


def _total(connection: Connection, span: Span) -> dict[str, float]:
    flow = schema.lot_flow
    query = select(flow.c.flow, func.sum(flow.c.mass_kg)).join(schema.event).where(span.condition()).group_by(flow.c.flow)
    sums = dict.fromkeys((f"{item.value}_kg" for item in Flow), 0.0) | {
        f"{name}_kg": mass for name, mass in _rows(connection, query)
    }
    sums["stock_kg"] = sums["received_kg"] + sums["produced_kg"] - sums["consumed_kg"] - sums["shipped_kg"]
    return sums


def _by_stage(connection: Connection, span: Span) -> list[dict[str, Any]]:
    flow, event = schema.lot_flow, schema.event
    query = (
        select(event.c.biz_step, flow.c.flow, func.sum(flow.c.mass_kg))
        .join(event)
        .where(span.condition())
        .group_by(event.c.biz_step, flow.c.flow)
    )
    return _table("stage", _rows(connection, query), stock=False)


def _by_material(connection: Connection, span: Span) -> list[dict[str, Any]]:
    flow, material, event = schema.lot_flow, schema.material_flow, schema.event
    query = (
        select(material.c.material, flow.c.flow, func.sum(material.c.mass_kg))
        .join(flow, (flow.c.event_seq == material.c.event_seq) & (flow.c.position == material.c.position))
        .join(event, event.c.seq == flow.c.event_seq)
        .where(span.condition())
        .group_by(material.c.material, flow.c.flow)
    )
    return _table("material", _rows(connection, query), stock=True)


def _table(name: str, rows: list[tuple[Any, ...]], *, stock: bool) -> list[dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(lambda: dict.fromkeys((f"{item.value}_kg" for item in Flow), 0.0))
    for key, flow, mass in rows:
        found[key][f"{flow}_kg"] += mass
    if stock:
        for row in found.values():
            row["stock_kg"] = row["received_kg"] + row["produced_kg"] - row["consumed_kg"] - row["shipped_kg"]
    return [{name: key, **row} for key, row in sorted(found.items(), key=lambda item: -sum(item[1].values()))]


@dataclass(frozen=True, slots=True)
class VehicleFate:
    """A vehicle of the ledger and what became of its mass; `shares` by (end, stream) sum to 1."""

    lot_id: int
    reference: str
    name: str
    attributes: dict[str, str]
    mass_kg: float
    shares: dict[tuple[str, str], float]
    value: Decimal
    carbon_kg: float


def vehicle_fates(connection: Connection, span: Span) -> list[VehicleFate]:
    """Return the vehicles received within a span, and what became of them."""
    lot, event = schema.lot, schema.event
    streams: dict[Any, str] = dict(_pairs(connection, select(lot.c.id, lot.c.stream)))
    graph = whole(connection)
    known = fates(graph)
    query = (
        select(lot.c.id, lot.c.reference, lot.c.name, lot.c.attributes)
        .join(event, event.c.seq == lot.c.event_seq)
        .where(lot.c.kind == "vehicle", span.condition())
        .order_by(lot.c.id)
    )
    result: list[VehicleFate] = []
    for identity, reference, name, attributes in _rows(connection, query):
        fate = known.get(identity, Fate())
        mass = graph.gained.get(identity, 0.0)
        shares: defaultdict[tuple[str, str], float] = defaultdict(float)
        for (end, end_lot), share in fate.shares.items():
            shares[end, streams.get(end_lot, "")] += share
        value = Decimal(round(fate.value_e4 * mass)).scaleb(-4)
        result.append(
            VehicleFate(identity, reference, name, orjson.loads(attributes), mass, dict(shares), value, fate.carbon_kg * mass)
        )
    return result


def _by_vehicle(connection: Connection, span: Span) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for vehicle in vehicle_fates(connection, span):
        ends: defaultdict[str, float] = defaultdict(float)
        for (end, _), share in vehicle.shares.items():
            ends[end] += share * vehicle.mass_kg
        rows.append(
            {
                "vehicle": vehicle.reference,
                "name": vehicle.name,
                "received_kg": vehicle.mass_kg,
                "by_end_kg": dict(sorted(ends.items(), key=lambda item: -item[1])),
                "value": str(vehicle.value),
                "carbon_kg": vehicle.carbon_kg,
            }
        )
    return rows


def _energy(connection: Connection, span: Span) -> dict[str, float]:
    flow = schema.energy_flow
    query = select(flow.c.carrier, func.sum(flow.c.kwh)).join(schema.event).where(span.condition()).group_by(flow.c.carrier)
    return dict(_pairs(connection, query))


def _money(connection: Connection, span: Span) -> list[dict[str, str]]:
    flow = schema.money_flow
    amount = func.sum(flow.c.amount_e4)
    query = (
        select(flow.c.purpose, flow.c.currency, amount)
        .join(schema.event)
        .where(span.condition())
        .group_by(flow.c.purpose, flow.c.currency)
    )
    return [
        {"purpose": purpose, "amount": str(Decimal(int(total)).scaleb(-4).quantize(Decimal("0.01"))), "currency": currency}
        for purpose, currency, total in sorted(_rows(connection, query), key=lambda row: -int(row[2]))
    ]


def _information(connection: Connection, span: Span) -> dict[str, int]:
    flow = schema.information_flow
    query = (
        select(flow.c.kind, func.count())
        .join(schema.event)
        .where(span.condition(), flow.c.kind != UNVERIFIED)
        .group_by(flow.c.kind)
        .order_by(flow.c.kind)
    )
    return dict(_pairs(connection, query))


def unverified_constants(connection: Connection, span: Span) -> list[str]:
    """Return the names of the unverified constants that figures booked within a span rest on."""
    flow = schema.information_flow
    query = select(flow.c.reference).distinct().join(schema.event).where(span.condition(), flow.c.kind == UNVERIFIED)
    return sorted(connection.execute(query).scalars())


def _foreign(connection: Connection, span: Span) -> int:
    """Count events that carry none of our flows: they are stored and traced, and no balance counts them."""
    event = schema.event
    own = [
        select(table.c.event_seq).where(table.c.event_seq == event.c.seq).exists()
        for table in (schema.lot_flow, schema.energy_flow, schema.money_flow, schema.information_flow)
    ]
    query = select(func.count()).select_from(event).where(span.condition(), *(~condition for condition in own))
    return connection.execute(query).scalar_one()


def largest_closure_error(connection: Connection, first_event: int = 1) -> float:
    """Return the largest relative difference between what an event consumed and what it produced, lost or left unaccounted."""
    flow = schema.lot_flow
    query = (
        select(flow.c.event_seq, flow.c.flow, func.sum(flow.c.mass_kg))
        .where(flow.c.event_seq >= first_event)
        .group_by(flow.c.event_seq, flow.c.flow)
    )
    taken: defaultdict[int, float] = defaultdict(float)
    given: defaultdict[int, float] = defaultdict(float)
    for seq, name, mass in _rows(connection, query):
        if name == Flow.CONSUMED.value:
            taken[seq] += mass
        elif name in {Flow.PRODUCED.value, Flow.LOST.value, Flow.UNACCOUNTED.value}:
            given[seq] += mass
    return max(
        (abs(taken[seq] - given[seq]) / max(taken[seq], given[seq]) for seq in {*taken, *given} if taken[seq] or given[seq]),
        default=0.0,
    )


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(query)]


def _pairs(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, Any]]:
    return [(row[0], row[1]) for row in connection.execute(query)]
