"""The yard: vehicles that are there, intake of one that is typed in, and the end of a day."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect
from sqlalchemy import Connection, func, select

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger import Book
from vehiclenest.loop.intake.manifest import CATEGORIES
from vehiclenest.loop.records import Powertrain, Vehicle
from vehiclenest.site.yard import close_day, declared, take_in
from vehiclenest.web import silhouette, tables, yard
from vehiclenest.web.fields import LARGEST_KEY, LONGEST, starting_with, text
from vehiclenest.web.leads import TO_VEHICLE
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

ROWS = 50
STATES = (yard.RECEIVED, yard.DEPOLLUTED, yard.DISMANTLED)
_FIELDS = (
    "vin", "make", "model", "year", "powertrain", "category", "body", "displacement_l", "curb_mass_kg", "weighed_mass_kg",
    "mileage_km", "damage_codes", "battery_code",
)  # fmt: skip
Word = Annotated[str, QueryParameter(name="q", max_length=LONGEST)]
Before = Annotated[int | None, QueryParameter(ge=1, le=LARGEST_KEY)]


@page("/yard", Permission.YARD_READ)
def vehicles(
    visit: Here, q: Word = "", standing: Annotated[str, QueryParameter(name="state", max_length=16)] = "", before: Before = None
) -> Response[str]:
    """List vehicles, newest first."""
    vehicle = tables.vehicle
    query = select(vehicle).order_by(vehicle.c.id.desc()).limit(ROWS + 1)
    if standing in STATES:
        query = query.where(vehicle.c.state == standing)
    if word := q.strip().upper():
        first, after = starting_with(word)
        query = query.where(((vehicle.c.reference >= first) & (vehicle.c.reference < after)) | (vehicle.c.make == word))
    if before is not None:
        query = query.where(vehicle.c.id < before)
    with visit.database.reading() as connection:
        rows = connection.execute(query).all()
        counted = select(vehicle.c.state, func.count()).group_by(vehicle.c.state)
        counts = {row[0]: row[1] for row in connection.execute(counted)}
        behind = yard.behind(connection)
    older = rows[ROWS - 1].id if len(rows) > ROWS else None
    return visit.render(
        "yard.html", rows=rows[:ROWS], older=older, q=q, state=standing, states=STATES, counts=counts, behind=behind
    )


@page("/yard/intake", Permission.YARD_WORK)
def intake_page(visit: Here) -> Response[str]:
    """Show the intake form."""
    return _intake(visit, {})


def _intake(visit: Visit, values: dict[str, str], error: VehicleNestError | None = None) -> Response[str]:
    return visit.render(
        "intake.html",
        error.status if error else 200,
        values=values,
        error=error,
        powertrains=[item.value for item in Powertrain],
        categories=CATEGORIES,
        zones=silhouette.zones(),
    )


@form("/yard/intake", Permission.YARD_WORK, leads=TO_VEHICLE)
def intake(visit: Here, data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Take one vehicle in: receipt and purchase are booked."""
    cells = {name: text(data, name) for name in _FIELDS}
    cells["vin"] = cells["vin"].upper()
    marks = [f"{zone}:{found}" for zone in silhouette.zones() if (found := text(data, f"damage-{zone}").upper())]
    try:
        vehicle = declared(cells | {"damage_codes": ";".join(marks)}, yard.utc_now(), visit.settings)
        with visit.database.writing() as connection:
            book_in(visit, connection, [vehicle], f"typed in by {visit.principal.name}")
            visit.note(connection, "vehicle taken in", vehicle.reference)
    except VehicleNestError as error:
        if error.status >= 500:  # noqa: PLR2004  # a fault is no matter of the form
            raise
        return _intake(visit, {name: text(data, name) for name in data}, error)
    return Redirect(f"/yard/vehicles/{vehicle.reference}", status_code=303)


def book_in(visit: Visit, connection: Connection, found: list[Vehicle], source: str) -> None:
    """Book vehicles as received and keep what intake made of them."""
    yard.catch_up_wholly(connection, visit.settings)
    take_in(Book(connection), found, source, visit.settings)
    yard.catch_up_wholly(connection, visit.settings)
    for vehicle in found:
        yard.keep_record(connection, vehicle)


@form("/yard/evening", Permission.YARD_WORK)
def evening(visit: Here) -> Response[Any]:
    """End the day: hulks are shredded, what the shredder gives and full tanks are shipped."""
    with visit.database.writing() as connection:
        yard.catch_up_wholly(connection, visit.settings)
        hulks, consignments = close_day(Book(connection), yard.utc_now(), visit.settings)
        yard.catch_up_wholly(connection, visit.settings)
        visit.note(connection, "day ended", "", hulks=hulks, consignments=consignments)
    return Redirect("/yard", status_code=303)


HANDLERS = [vehicles, intake_page, intake, evening]
