"""Balances of the four flows over a span of time, by stage, by material or by vehicle, asked of the columns."""

# Ibis and PyArrow type their expressions in part only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

from vehiclenest.core.errors import InputError
from vehiclenest.ledger.columns import Columns, Progress, Table, columns_folder, open_columns
from vehiclenest.ledger.entry import microseconds
from vehiclenest.ledger.fate import ends_of
from vehiclenest.ledger.model import UNVERIFIED, Flow
from vehiclenest.ledger.store import Ledger

By = Literal["stage", "material", "vehicle"]
_DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the ledger: days from `first` to `last`, both included, UTC, None is open; events from number `first_event` on."""

    first: date | None = None
    last: date | None = None
    first_event: int = 1

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise InputError(f"{self.first} is after {self.last}", expected="a first day that is not after the last")

    def of(self, table: Table) -> Table:
        """Return the rows of a table whose events lie within."""
        if self.first_event > 1:
            table = table.filter(table.event_seq >= self.first_event)
        if self.first:
            table = table.filter(table.event_time >= _midnight(self.first))
        if self.last:
            table = table.filter(table.event_time < _midnight(self.last) + _DAY)
        return table


def _midnight(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


@contextmanager
def columns_of(
    ledger: Ledger, as_of: datetime | None = None, *, engine: str | None = None, progress: Progress | None = None
) -> Generator[Columns]:
    """Give the columns of a ledger, kept beside it (`columns.open_columns`)."""
    folder = columns_folder(ledger.url)
    with (
        ledger.engine.connect() as connection,
        open_columns(connection, folder, as_of=as_of, engine=engine, progress=progress) as columns,
    ):
        yield columns


def balance(columns: Columns, by: By = "stage", span: Span | None = None) -> dict[str, Any]:
    """Return the four flows: material in kg, energy in kWh by carrier, money by currency, information by kind of document.

    Money is exact and written as text. Rows are by stage, by material (with stock), or by vehicle (with what became of it).
    """
    within = span or Span()
    return {
        "by": by,
        "from": within.first.isoformat() if within.first else None,
        "to": within.last.isoformat() if within.last else None,
        "material": {"stage": _by_stage, "material": _by_material, "vehicle": _by_vehicle}[by](columns, within),
        "total": _total(columns, within),
        "energy_kwh": _energy(columns, within),
        "money": _money(columns, within),
        "information": _information(columns, within),
        "unverified": unverified_constants(columns, within),
        "foreign_events": _foreign(columns, within),
    }


def _total(columns: Columns, span: Span) -> dict[str, float]:
    flow = span.of(columns.table("flow"))
    sums = dict.fromkeys((f"{item.value}_kg" for item in Flow), 0.0)
    sums |= {f"{row['flow']}_kg": row["kg"] for row in columns.rows(flow.group_by("flow").agg(kg=flow.kg.sum()))}
    return _with_stock(sums)


def _with_stock(sums: dict[str, float]) -> dict[str, float]:
    return sums | {"stock_kg": sums["received_kg"] + sums["produced_kg"] - sums["consumed_kg"] - sums["shipped_kg"]}


def _by_stage(columns: Columns, span: Span) -> list[dict[str, Any]]:
    flow = span.of(columns.table("flow"))
    return _table("stage", columns.rows(flow.group_by(stage=flow.biz_step, flow=flow.flow).agg(kg=flow.kg.sum())), stock=False)


def _by_material(columns: Columns, span: Span) -> list[dict[str, Any]]:
    material = span.of(columns.table("material"))
    return _table("material", columns.rows(material.group_by("material", "flow").agg(kg=material.kg.sum())), stock=True)


def _table(name: str, rows: list[dict[str, Any]], *, stock: bool) -> list[dict[str, Any]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys((f"{item.value}_kg" for item in Flow), 0.0))
    for row in rows:
        found[row[name]][f"{row['flow']}_kg"] += row["kg"]
    ordered = sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return [{name: key, **(_with_stock(sums) if stock else sums)} for key, sums in ordered]


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


def vehicle_fates(columns: Columns, span: Span | None = None) -> list[VehicleFate]:
    """Return the vehicles received within a span, and what became of them."""
    lot, flow = columns.table("lot"), columns.table("flow")
    gained = flow.filter(flow.flow.isin([Flow.RECEIVED.value, Flow.PRODUCED.value])).group_by("lot").agg(kg=flow.kg.sum())
    received = (span or Span()).of(flow.filter(flow.flow == Flow.RECEIVED.value)).select("lot", "event_seq")
    vehicles = lot.filter(lot.kind == "vehicle").semi_join(received, ["lot", "event_seq"]).inner_join(gained, "lot")
    start = vehicles.select(origin=vehicles.lot, lot=vehicles.lot, kg=vehicles.kg)
    shares: defaultdict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    value: defaultdict[int, float] = defaultdict(float)
    carbon: defaultdict[int, float] = defaultdict(float)
    keys: dict[tuple[str, str], tuple[str, str]] = {}  # one object a pair: a year has millions of them
    for row in ends_of(columns, start):
        key = keys.setdefault((pair := (row["end"], row["stream"])), pair)
        ends = shares[row["origin"]]
        ends[key] = ends.get(key, 0.0) + row["kg"]
        value[row["origin"]] += row["value_e4"]
        carbon[row["origin"]] += row["carbon_kg"]
    result: list[VehicleFate] = []
    for row in columns.rows(vehicles.order_by("lot")):
        identity, mass = row["lot"], row["kg"]
        attributes = {
            key: text for key, text in orjson.loads(row["attributes"]).items() if key not in {"id", "kind", "name", "stream"}
        }
        parts = {key: kg / mass for key, kg in shares.pop(identity, {}).items()} if mass else {}
        worth = Decimal(round(value[identity])).scaleb(-4)
        result.append(VehicleFate(identity, row["reference"], row["name"], attributes, mass, parts, worth, carbon[identity]))
    return result


def _by_vehicle(columns: Columns, span: Span) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for vehicle in vehicle_fates(columns, span):
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


def _energy(columns: Columns, span: Span) -> dict[str, float]:
    energy = span.of(columns.table("energy"))
    rows = columns.rows(energy.group_by("carrier").agg(kwh=energy.kwh.sum()))
    return {row["carrier"]: row["kwh"] for row in sorted(rows, key=lambda row: row["carrier"])}


def _money(columns: Columns, span: Span) -> list[dict[str, str]]:
    money = span.of(columns.table("money"))
    rows = columns.rows(money.group_by("purpose", "currency").agg(total=money.amount_e4.sum()))
    return [
        {
            "purpose": row["purpose"],
            "amount": str(Decimal(int(row["total"])).scaleb(-4).quantize(Decimal("0.01"))),
            "currency": row["currency"],
        }
        for row in sorted(rows, key=lambda row: (-int(row["total"]), row["purpose"]))
    ]


def _information(columns: Columns, span: Span) -> dict[str, int]:
    information = span.of(columns.table("information"))
    information = information.filter(information.kind != UNVERIFIED)
    rows = columns.rows(information.group_by("kind").agg(documents=information.count()))
    return {row["kind"]: row["documents"] for row in sorted(rows, key=lambda row: row["kind"])}


def unverified_constants(columns: Columns, span: Span | None = None) -> list[str]:
    """Return the names of the unverified constants that figures booked within a span rest on."""
    information = (span or Span()).of(columns.table("information"))
    names = information.filter(information.kind == UNVERIFIED).select("reference").distinct()
    return sorted(row["reference"] for row in columns.rows(names))


def _foreign(columns: Columns, span: Span) -> int:
    """Count events that carry none of our flows: they are stored and traced, and no balance counts them."""
    event = span.of(columns.table("event"))
    return int(columns.rows(event.agg(foreign=(~event.own).sum().coalesce(0)))[0]["foreign"])


def largest_closure_error(columns: Columns, span: Span | None = None) -> float:
    """Return the largest relative difference between what an event consumed and what it produced, lost or left unaccounted."""
    import ibis

    flow = (span or Span()).of(columns.table("flow"))
    taken = ibis.ifelse(flow.flow == Flow.CONSUMED.value, flow.kg, 0.0)
    given = ibis.ifelse(flow.flow.isin([Flow.PRODUCED.value, Flow.LOST.value, Flow.UNACCOUNTED.value]), flow.kg, 0.0)
    moved = flow.select("event_seq", taken=taken, given=given)
    events = moved.group_by("event_seq").agg(taken=moved.taken.sum(), given=moved.given.sum())
    events = events.filter((events.taken > 0) | (events.given > 0))
    error = (events.taken - events.given).abs() / ibis.greatest(events.taken, events.given)
    return float(columns.rows(events.agg(worst=error.max()))[0]["worst"] or 0.0)


def largest_lot_error(columns: Columns) -> float:
    """Return by how much, relative to all that came into it, the worst lot gave out more than it took in."""
    import ibis

    flow = columns.table("flow")
    gained = ibis.ifelse(flow.flow.isin([Flow.RECEIVED.value, Flow.PRODUCED.value]), flow.kg, 0.0)
    left = ibis.ifelse(flow.flow.isin([Flow.CONSUMED.value, Flow.SHIPPED.value]), flow.kg, 0.0)
    moved = flow.filter(flow.lot.notnull()).select("lot", gained=gained, left=left)
    lots = moved.group_by("lot").agg(gained=moved.gained.sum(), left=moved.left.sum())
    overdrawn = (lots.left - lots.gained) / ibis.greatest(lots.left, lots.gained)
    return max(float(columns.rows(lots.agg(worst=overdrawn.max()))[0]["worst"] or 0.0), 0.0)
