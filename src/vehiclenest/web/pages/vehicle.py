"""One vehicle: what it is, and what is done to it, station by station: depollution, then dismantling."""

from typing import Any

from litestar import Response
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from sqlalchemy import Connection, select

from vehiclenest.core.errors import ConflictError, VehicleNestError
from vehiclenest.ledger import Book, trace
from vehiclenest.ledger.trace import Trace
from vehiclenest.loop.records import Depollution, Grade, Vehicle
from vehiclenest.site.yard import depollution_of, name_of, take_apart, take_out, taken_off, teardown_of
from vehiclenest.web import evidence, tables, yard
from vehiclenest.web.fields import text, texts
from vehiclenest.web.labels import Label, labels
from vehiclenest.web.leads import TO_VEHICLE
from vehiclenest.web.policy import Permission, visible_parts
from vehiclenest.web.routes import form, page
from vehiclenest.web.silhouette import silhouette
from vehiclenest.web.visit import Here, Visit

_GRADES: tuple[Grade, ...] = ("A", "B", "C", "X")
_EVERY_PART = 200  # a vehicle has fewer


@page("/yard/vehicles/{reference:str}", Permission.YARD_READ)
def vehicle_page(visit: Here, reference: FromPath[str]) -> Response[str]:
    """Show a vehicle."""
    return _page(visit, reference)


def _page(visit: Visit, reference: str, error: VehicleNestError | None = None) -> Response[str]:
    part = tables.part
    with visit.database.reading() as connection:
        row = yard.vehicle_row(connection, reference)
        vehicle = yard.record_of(row)
        ticked = yard.ticks(connection, row.id)
        query = select(part).where(part.c.vehicle == row.reference, visible_parts(visit.principal)).order_by(part.c.id)
        parts = connection.execute(query.limit(_EVERY_PART)).all()
        materials = yard.thing_as_made(connection, row.lot)[0]
    found = trace(visit.database.ledger, row.lot)
    with visit.database.reading() as connection:
        attached = evidence.of_thing(connection, visit.principal, row.lot)
        booked = evidence.booked(connection, found.events, attached)
    teardown = None
    if vehicle is not None and row.state == yard.DEPOLLUTED:
        teardown = teardown_of(vehicle, _whole(vehicle, visit), visit.settings)
    values: dict[str, Any] = {"row": row, "vehicle": vehicle, "parts": parts, "ticked": ticked, "teardown": teardown}
    return visit.render(
        "vehicle.html",
        error.status if error else 200,
        **values,
        error=error,
        grades=_GRADES,
        materials=sorted(materials.items(), key=lambda item: -item[1]),
        events=found.events,
        evidence=attached,
        booked=booked,
        ends=found.outputs if isinstance(found, Trace) else (),
        name_of=name_of,
        picture=_picture(visit, vehicle) if vehicle else "",
    )


def _picture(visit: Visit, vehicle: Vehicle) -> str:
    said = ", ".join(f"{visit.speech(item.zone)} {item.units:g}" for item in vehicle.damage) or visit.speech("no damage known")
    return silhouette(vehicle.damage, f"{visit.speech('Damage, ARA units')}: {said}")


def _whole(vehicle: Vehicle, visit: Visit) -> Depollution:
    return depollution_of(vehicle, {fraction.code for fraction in vehicle.fractions}, visit.settings)


def _at_work(connection: Connection, visit: Visit, reference: str, state: str) -> tuple[Any, Vehicle]:
    """Return a vehicle that waits for a step; raise where it is another step's turn."""
    yard.catch_up_wholly(connection, visit.settings)
    row = yard.vehicle_row(connection, reference)
    vehicle = yard.record_of(row)
    if vehicle is None:
        raise ConflictError(
            f"{row.reference} did not come in by the yard", expected="a vehicle whose intake was typed in or imported"
        )
    if row.state != state:
        raise ConflictError(f"{row.reference} is {row.state}", expected=f"a vehicle that is {state}")
    return row, vehicle


@form("/yard/vehicles/{reference:str}/depollution", Permission.YARD_WORK, leads=TO_VEHICLE)
def depollution(visit: Here, reference: FromPath[str], data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Tick off what was taken out; with `do=finish` book the depollution, which asks for all of it."""
    taken = set(texts(data, "taken"))
    try:
        with visit.database.writing() as connection:
            row, vehicle = _at_work(connection, visit, reference, yard.RECEIVED)
            known = {fraction.code for fraction in vehicle.fractions}
            yard.set_ticks(connection, row.id, taken & known, visit.principal.user_id)
            visit.note(connection, "depollution ticked", row.reference, taken=",".join(sorted(taken & known)))
        if text(data, "do") == "finish":
            with visit.database.writing() as connection:
                row, vehicle = _at_work(connection, visit, reference, yard.RECEIVED)
                done = depollution_of(vehicle, yard.ticks(connection, row.id), visit.settings)
                take_out(Book(connection), vehicle, done, _now_after(vehicle), visit.settings)
                yard.catch_up_wholly(connection, visit.settings)
                visit.note(connection, "vehicle depolluted", row.reference)
    except ConflictError as error:
        return _page(visit, reference, error)
    return Redirect(f"/yard/vehicles/{row.reference}", status_code=303)


@form("/yard/vehicles/{reference:str}/dismantling", Permission.YARD_WORK, leads=TO_VEHICLE)
def dismantling(visit: Here, reference: FromPath[str], data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Book the dismantling: a part with a grade was taken off, one without stays on the hulk."""
    named = {name.removeprefix("grade-"): text(data, name) for name in data if name.startswith("grade-")}
    grades: dict[str, Grade] = {code: grade for code, said in named.items() for grade in _GRADES if said == grade}
    try:
        with visit.database.writing() as connection:
            row, vehicle = _at_work(connection, visit, reference, yard.DEPOLLUTED)
            whole = teardown_of(vehicle, _whole(vehicle, visit), visit.settings)
            take_apart(Book(connection), vehicle, taken_off(whole, grades), _now_after(vehicle), visit.settings)
            yard.catch_up_wholly(connection, visit.settings)
            visit.note(connection, "vehicle dismantled", row.reference, parts=len(grades))
    except VehicleNestError as error:
        if error.status not in {409, 422}:
            raise
        return _page(visit, reference, error)
    return Redirect(f"/yard/vehicles/{row.reference}", status_code=303)


def _now_after(vehicle: Vehicle) -> Any:
    """Return the time of a step: now, and never before the receipt, which a manifest may set by itself."""
    return max(yard.utc_now(), vehicle.received_at)


@page("/yard/vehicles/{reference:str}/labels.pdf", Permission.YARD_READ, media_type="application/pdf")
def vehicle_labels(visit: Here, reference: FromPath[str]) -> Response[bytes]:
    """Return the labels of a vehicle's parts in stock, or its own where nothing was taken off yet, as PDF."""
    part = tables.part
    with visit.database.reading() as connection:
        row = yard.vehicle_row(connection, reference)
        mine = (part.c.vehicle == row.reference, part.c.state == yard.STOCK, visible_parts(visit.principal))
        parts = connection.execute(select(part).where(*mine).order_by(part.c.id).limit(_EVERY_PART)).all()
    items = [label_of(visit, item) for item in parts] or [Label(row.name, (row.reference, f"{row.mass_kg:,.0f} kg"), row.lot)]
    return pdf(labels(items), f"{row.reference}.pdf")


def label_of(visit: Visit, part: Any) -> Label:
    """Return the label of a part; its code is the thing's EPC, as the ledger names it."""
    second = f"{visit.speech('Grade')} {part.grade} · {part.mass_kg:,.1f} kg" + (f" · {part.bin}" if part.bin else "")
    return Label(visit.speech(part.name), (part.reference, part.model, second), part.lot)


def pdf(content: bytes, name: str) -> Response[bytes]:
    """Return a PDF as answer."""
    return Response(
        content,
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"},
    )


HANDLERS = [vehicle_page, depollution, dismantling, vehicle_labels]
