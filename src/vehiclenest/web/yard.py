"""The yard's tables: read models of the ledger, brought up to date from its events, and what people add to them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vehiclenest.core.errors import ConflictError, NotFoundError
from vehiclenest.ledger import Book, Flow
from vehiclenest.ledger import schema as ledger
from vehiclenest.ledger.entry import microseconds, ours, split
from vehiclenest.ledger.model import PREFIX
from vehiclenest.ledger.store import flows_of
from vehiclenest.loop.records import Grade, Item, Vehicle
from vehiclenest.loop.route import Book as RouteBook
from vehiclenest.loop.route import best_route, open_book
from vehiclenest.site import Settings
from vehiclenest.web import tables
from vehiclenest.web.database import now

RECEIVED, DEPOLLUTED, DISMANTLED = "received", "depolluted", "dismantled"
STOCK, GONE = "stock", "gone"
UNGRADED = "-"
_AT_ONCE = 1000
_STEPS_AT_ONCE = 3
_RECORD = TypeAdapter(Vehicle)
_LEAVES = frozenset({Flow.SHIPPED.value, Flow.CONSUMED.value})
_THINGS = frozenset({"component", "fraction"})


def catch_up(connection: Connection, settings: Settings) -> int:
    """Bring the yard's tables up to the ledger's last event, by 1,000 events at most; return how many were read."""
    cursor = tables.cursor
    seq = connection.execute(select(cursor.c.seq).where(cursor.c.name == "events")).scalar()
    if seq is None:
        connection.execute(insert(cursor).values(name="events", seq=0))
    last = seq or 0
    found = [*islice(Book(connection).bodies(last + 1), _AT_ONCE)]
    changes = Changes(connection, settings)
    for body in found:
        changes.read(orjson.loads(body))
    changes.write()
    if found:
        connection.execute(update(cursor).where(cursor.c.name == "events").values(seq=last + len(found)))
    return len(found)


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


class Changes:
    """What events in a row change in the yard's tables: put together in memory, then written table by table."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection, self._settings = connection, settings
        self._book = open_book(settings.place, settings.folder)
        self._vehicles: dict[str, dict[str, Any]] = {}  # by lot, as the parts are
        self._parts: dict[str, dict[str, Any]] = {}
        self._made: dict[str, dict[str, Any]] = {}  # by lot, what these events made
        self._states: dict[str, str] = {}  # by lot, of vehicles that were there before
        self._gone: dict[str, str | None] = {}  # by lot, parts that were there before: the route they took
        self._origins: dict[str, tuple[str, str]] = {}

    def read(self, body: dict[str, Any]) -> None:
        """Take in one event."""
        said = ours(body)
        if said is None or "errorDeclaration" in body:
            return
        gained: dict[str, dict[str, float]] = {}
        left: dict[str, dict[str, float]] = {}
        for flow, lot, materials in flows_of(body):
            if lot is not None:
                (left if flow in _LEAVES else gained)[lot] = materials
        self._add(said.get(f"{PREFIX}:lots", []), gained, microseconds(datetime.fromisoformat(body["eventTime"])))
        step = str(body.get("bizStep", ""))
        if step in {"removing", "disassembling"}:
            thing = body.get("parentID") or next(iter(body.get("inputEPCList", [])), "")
            self._set_state(thing, DEPOLLUTED if step == "removing" else DISMANTLED)
        if step != "removing":
            routes = {flow.get(f"{PREFIX}:lot"): flow.get(f"{PREFIX}:route") for flow in said.get(f"{PREFIX}:materialFlow", [])}
            for uri in left.keys() - gained.keys():
                self._set_gone(uri, routes.get(uri))

    def _add(self, lots: list[dict[str, Any]], gained: Mapping[str, Mapping[str, float]], time: int) -> None:
        for lot in lots:
            uri, kind = lot[f"{PREFIX}:id"], lot[f"{PREFIX}:kind"]
            if kind == "vehicle":
                row = _vehicle(uri, lot, sum(gained.get(uri, {}).values()), time)
                self._vehicles[uri] = row
                self._origins[row["reference"]] = row["make"], row["name"]
            elif kind in _THINGS and uri in gained:
                row = self._part(uri, lot, gained[uri], time)
                self._parts[uri] = row
            else:
                continue
            if (before := self._made.get(uri)) is not None:  # made again, after an event in error
                row["state"] = before["state"]
            self._made[uri] = row

    def _set_state(self, uri: str, state: str) -> None:
        if uri in self._made:
            self._made[uri]["state"] = state
        elif uri:
            self._states[uri] = state

    def _set_gone(self, uri: str, route: str | None) -> None:
        row = self._made.get(uri)
        if row is None:
            self._gone[uri] = route or self._gone.get(uri)
        elif "code" in row:
            row["state"] = GONE
            row["route"] = route or row["route"]

    def _part(self, uri: str, lot: Mapping[str, Any], materials: Mapping[str, float], time: int) -> dict[str, Any]:
        reference = split(uri)[1]
        vehicle, _, code = reference.rpartition("-")
        make, model = self._origin(vehicle)
        grade = lot.get(f"{PREFIX}:grade")
        item = item_of(lot[f"{PREFIX}:kind"], code, materials, grade, lot.get(f"{PREFIX}:assembly", ""))
        return {
            "reference": reference,
            "lot": uri,
            "vehicle": vehicle,
            "code": code[:8],
            "name": lot[f"{PREFIX}:name"][:64],
            "make": make,
            "model": model[:128],
            "grade": grade or UNGRADED,
            "mass_kg": sum(materials.values()),
            "route": best_route(item, self._settings.place, self._settings.folder).value,
            "price_e2": _price_e2(item, self._book),
            "currency": self._book.currency,
            "bin": "",
            "state": STOCK,
            "created": time,
        }

    def _origin(self, reference: str) -> tuple[str, str]:
        """Return make and name of the vehicle that a part came out of; empty where the yard does not know it."""
        if reference not in self._origins:
            vehicle = tables.vehicle
            query = select(vehicle.c.make, vehicle.c.name).where(vehicle.c.reference == reference)
            row = self._connection.execute(query).first()
            self._origins[reference] = (row.make, row.name) if row else ("", "")
        return self._origins[reference]

    def write(self) -> None:
        """Write what changed: first what was there before, so that a change never reaches what came after it."""
        vehicle, part = tables.vehicle, tables.part
        named = vehicle.c.reference == bindparam("of_reference")  # the lot alone has no index
        moved = update(vehicle).where(named, vehicle.c.lot == bindparam("of_lot")).values(state=bindparam("now"))
        left = update(part).where(part.c.lot == bindparam("of_lot")).values(state=GONE)
        routed = left.values(route=bindparam("took"))
        states = [{"of_reference": split(uri)[1], "of_lot": uri, "now": state} for uri, state in self._states.items()]
        with_route = [{"of_lot": uri, "took": route} for uri, route in self._gone.items() if route]
        without = [{"of_lot": uri} for uri, route in self._gone.items() if not route]
        for statement, rows in (
            (moved, states),
            (routed, with_route),
            (left, without),
            (self._put(vehicle, "name", "make", "mass_kg", "received"), [*self._vehicles.values()]),
            (self._put(part, "name", "make", "model", "grade", "mass_kg"), [*self._parts.values()]),
        ):
            if rows:
                self._connection.execute(statement, rows)

    def _put(self, table: Table, *described: str) -> Any:
        """Return the statement that adds a thing, or describes it anew where it was made before: what an event in error said goes.

        Where it is, its price and state stay. A thing of the same reference that is another lot stays as it is.
        """
        statement = (sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert)(table)
        said = {name: statement.excluded[name] for name in described}
        same = table.c.lot == statement.excluded["lot"]
        return statement.on_conflict_do_update(index_elements=["reference"], set_=said, where=same)


def _vehicle(uri: str, lot: Mapping[str, Any], mass_kg: float, time: int) -> dict[str, Any]:
    return {
        "reference": split(uri)[1],
        "lot": uri,
        "name": lot[f"{PREFIX}:name"],
        "make": str(lot.get(f"{PREFIX}:make", ""))[:64],
        "mass_kg": mass_kg,
        "state": RECEIVED,
        "received": time,
    }


def _price_e2(item: Item, book: RouteBook) -> int:
    """Return what a part is offered for, in hundredths: the price of its kind by mass and grade, nothing where there is none."""
    part = book.parts.get(item.code)
    if part is None or item.grade in {None, "X"}:
        return 0
    return round(part.used * item.mass_kg * book.grade_factor[str(item.grade)] * 100)


def item_of(kind: str, code: str, materials: Mapping[str, float], grade: Grade | None, assembly: str) -> Item:
    """Return a thing as routing sees it."""
    return Item(code, "component" if kind == "component" else "fraction", materials, grade, assembly)


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
