"""The yard's tables: read models of the ledger, brought up to date from its events, and what people add to them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, insert, select, update

from vehiclenest.core.errors import ConflictError, NotFoundError
from vehiclenest.ledger import Book, Flow
from vehiclenest.ledger import schema as ledger
from vehiclenest.ledger.entry import microseconds, ours, split
from vehiclenest.ledger.model import PREFIX
from vehiclenest.ledger.store import flows_of
from vehiclenest.loop.records import Grade, Item, Vehicle
from vehiclenest.loop.route import decide, open_book
from vehiclenest.site import Settings
from vehiclenest.web import tables
from vehiclenest.web.database import now

RECEIVED, DEPOLLUTED, DISMANTLED = "received", "depolluted", "dismantled"
STOCK, GONE = "stock", "gone"
UNGRADED = "-"
_AT_ONCE = 500
_STEPS_AT_ONCE = 6
_RECORD = TypeAdapter(Vehicle)
_LEAVES = frozenset({Flow.SHIPPED.value, Flow.CONSUMED.value})
_THINGS = frozenset({"component", "fraction"})


def catch_up(connection: Connection, settings: Settings) -> int:
    """Bring the yard's tables up to the ledger's last event, by 500 events at most; return how many were read."""
    cursor = tables.cursor
    seq = connection.execute(select(cursor.c.seq).where(cursor.c.name == "events")).scalar()
    if seq is None:
        connection.execute(insert(cursor).values(name="events", seq=0))
    last = seq or 0
    book = Book(connection)
    until = min(book.last(), last + _AT_ONCE)
    for number in range(last + 1, until + 1):
        _read(connection, book.body(number), settings)
    if until > last:
        connection.execute(update(cursor).where(cursor.c.name == "events").values(seq=until))
    return until - last


def behind(connection: Connection) -> bool:
    """Return whether the ledger holds events that the yard has not read."""
    seq = connection.execute(select(tables.cursor.c.seq).where(tables.cursor.c.name == "events")).scalar()
    return Book(connection).last() > (seq or 0)


def catch_up_wholly(connection: Connection, settings: Settings) -> None:
    """Bring the yard's tables up to the ledger's last event.

    Raises
    ------
    ConflictError
        Where thousands of events wait: the background reads them in steps, and nobody else could write meanwhile.
    """
    for _ in range(_STEPS_AT_ONCE):
        if catch_up(connection, settings) < _AT_ONCE:
            return
    raise ConflictError("the yard is still reading what others booked into the ledger", expected="try again in a minute")


def _read(connection: Connection, body: dict[str, Any], settings: Settings) -> None:
    said = ours(body)
    if said is None or "errorDeclaration" in body:
        return
    lots: list[dict[str, Any]] = said.get(f"{PREFIX}:lots", [])
    gained: dict[str, dict[str, float]] = {}
    left: dict[str, dict[str, float]] = {}
    for flow, lot, materials in flows_of(body):
        if lot is not None:
            (left if flow in _LEAVES else gained)[lot] = materials
    time = microseconds(datetime.fromisoformat(body["eventTime"]))
    step = str(body.get("bizStep", ""))
    parts: list[dict[str, Any]] = []
    for lot in lots:
        uri, kind = lot[f"{PREFIX}:id"], lot[f"{PREFIX}:kind"]
        if kind == "vehicle":
            _add_vehicle(connection, uri, lot, sum(gained.get(uri, {}).values()), time)
        elif kind in _THINGS and uri in gained:
            parts.append(_part(connection, uri, lot, gained[uri], time, settings))
    if parts:
        connection.execute(insert(tables.part), parts)
    if step in {"removing", "disassembling"}:
        thing = body.get("parentID") or next(iter(body.get("inputEPCList", [])), "")
        state = DEPOLLUTED if step == "removing" else DISMANTLED
        connection.execute(update(tables.vehicle).where(tables.vehicle.c.lot == thing).values(state=state))
    gone = [uri for uri in left if uri not in gained]
    if gone and step != "removing":
        routes = {flow.get(f"{PREFIX}:lot"): flow.get(f"{PREFIX}:route") for flow in said.get(f"{PREFIX}:materialFlow", [])}
        for uri in gone:
            values = {"state": GONE} | ({"route": routes[uri]} if routes.get(uri) else {})
            connection.execute(update(tables.part).where(tables.part.c.lot == uri).values(values))


def _add_vehicle(connection: Connection, uri: str, lot: Mapping[str, Any], mass_kg: float, time: int) -> None:
    row = {
        "reference": split(uri)[1],
        "lot": uri,
        "name": lot[f"{PREFIX}:name"],
        "make": str(lot.get(f"{PREFIX}:make", ""))[:64],
        "mass_kg": mass_kg,
        "state": RECEIVED,
        "received": time,
    }
    connection.execute(insert(tables.vehicle).values(row))


def _part(
    connection: Connection, uri: str, lot: Mapping[str, Any], materials: Mapping[str, float], time: int, settings: Settings
) -> dict[str, Any]:
    reference = split(uri)[1]
    vehicle, _, code = reference.rpartition("-")
    about = connection.execute(
        select(tables.vehicle.c.make, tables.vehicle.c.name).where(tables.vehicle.c.reference == vehicle)
    ).first()
    grade = lot.get(f"{PREFIX}:grade")
    item = item_of(lot[f"{PREFIX}:kind"], code, materials, grade, lot.get(f"{PREFIX}:assembly", ""))
    decision = decide(item, settings.place, settings.folder)
    return {
        "reference": reference,
        "lot": uri,
        "vehicle": vehicle,
        "code": code[:8],
        "name": lot[f"{PREFIX}:name"][:64],
        "make": about.make if about else "",
        "model": (about.name if about else "")[:128],
        "grade": grade or UNGRADED,
        "mass_kg": sum(materials.values()),
        "route": decision.route.value,
        "price_e2": _price_e2(item, settings),
        "currency": decision.currency,
        "bin": "",
        "state": STOCK,
        "created": time,
    }


def item_of(kind: str, code: str, materials: Mapping[str, float], grade: Grade | None, assembly: str) -> Item:
    """Return a thing as routing sees it."""
    return Item(code, "component" if kind == "component" else "fraction", materials, grade, assembly)


def _price_e2(item: Item, settings: Settings) -> int:
    """Return what a part is offered for, in hundredths: the price of its kind by mass and grade, nothing where there is none."""
    book = open_book(settings.place, settings.folder)
    part = book.parts.get(item.code)
    if part is None or item.grade in {None, "X"}:
        return 0
    return round(part.used * item.mass_kg * book.grade_factor[str(item.grade)] * 100)


def keep_record(connection: Connection, vehicle: Vehicle) -> None:
    """Keep a vehicle as intake made it, so that the next stations work on the same figures."""
    record = orjson.loads(_RECORD.dump_json(vehicle))
    connection.execute(update(tables.vehicle).where(tables.vehicle.c.reference == vehicle.reference).values(record=record))


def vehicle_row(connection: Connection, reference: str) -> Any:
    """Return a vehicle's row; raise `NotFoundError` where there is none."""
    row = connection.execute(select(tables.vehicle).where(tables.vehicle.c.reference == reference)).first()
    if row is None:
        raise NotFoundError(f"there is no vehicle {reference[:64]}")
    return row


def record_of(row: Any) -> Vehicle | None:
    """Return the vehicle that intake made; None where it came by another way than the yard."""
    return None if row.record is None else _RECORD.validate_json(orjson.dumps(row.record))


def ticks(connection: Connection, vehicle_id: int) -> set[str]:
    """Return the fractions that were ticked off."""
    return set(connection.execute(select(tables.tick.c.code).where(tables.tick.c.vehicle_id == vehicle_id)).scalars())


def set_ticks(connection: Connection, vehicle_id: int, codes: Collection[str], user_id: int | None) -> None:
    """Set which fractions are ticked off; who ticked first stays."""
    there = ticks(connection, vehicle_id)
    if gone := there - set(codes):
        connection.execute(delete(tables.tick).where(tables.tick.c.vehicle_id == vehicle_id, tables.tick.c.code.in_(gone)))
    rows = [{"vehicle_id": vehicle_id, "code": code, "user_id": user_id, "time": now()} for code in sorted(set(codes) - there)]
    if rows:
        connection.execute(insert(tables.tick), rows)


def thing_as_made(connection: Connection, uri: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Return what a thing holds, in kg by substance, and its description, as the event says that made it."""
    start, reference = split(uri)
    lot, prefix = ledger.lot, ledger.prefix
    query = select(lot.c.event_seq).join(prefix).where(lot.c.reference == reference, prefix.c.text == start).limit(1)
    seq = connection.execute(query).scalar()
    if seq is None:
        raise NotFoundError(f"{reference[:64]} is not in the ledger")
    body = Book(connection).body(seq)
    described: list[dict[str, Any]] = (ours(body) or {})[f"{PREFIX}:lots"]
    description = next(item for item in described if item[f"{PREFIX}:id"] == uri)
    materials = next(found for flow, name, found in flows_of(body) if name == uri and flow not in _LEAVES)
    return materials, {key.removeprefix(f"{PREFIX}:"): value for key, value in description.items()}


def utc_now() -> datetime:
    """Return the time, to the millisecond that an event keeps."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
