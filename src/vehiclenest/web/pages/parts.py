"""The parts inventory: search it page by page, and one part with its bin, price, label and sale."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from litestar import Response
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect
from sqlalchemy import ColumnElement, Connection, Select, select, update

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, VehicleNestError, Where
from vehiclenest.ledger import Book, trace
from vehiclenest.loop.records import Route
from vehiclenest.site.yard import sell
from vehiclenest.web import evidence, tables, yard
from vehiclenest.web.fields import LARGEST_KEY, LONGEST, starting_with, text
from vehiclenest.web.labels import labels
from vehiclenest.web.leads import TO_PART
from vehiclenest.web.pages.vehicle import label_of, pdf
from vehiclenest.web.policy import Permission, Principal, visible_parts
from vehiclenest.web.routes import form, page
from vehiclenest.web.visit import Here, Visit

ROWS = 50
_GRADES = ("A", "B", "C", "X", yard.UNGRADED)
_STATES = (yard.STOCK, yard.GONE)
_ROUTES = tuple(route.value for route in Route)
_LONGEST_BIN, _DEAREST_E2, _CODE = 32, 10_000_000_00, 3
_FEW = 6  # characters of a reference that few parts share
Short = Annotated[str, QueryParameter(max_length=32)]
Word = Annotated[str, QueryParameter(max_length=LONGEST)]
Standing = Annotated[str, QueryParameter(name="state", max_length=32)]
Key = Annotated[int | None, QueryParameter(ge=1, le=LARGEST_KEY)]


@page("/parts", Permission.PARTS_READ, quick=True)
def parts(
    visit: Here,
    q: Word = "",
    make: Word = "",
    grade: Short = "",
    route: Short = "",
    standing: Standing = yard.STOCK,
    before: Key = None,
) -> Response[str]:
    """List parts, newest first: 50 a page, each page one range of an index."""
    asked = {"q": q, "make": make, "grade": grade, "route": route, "state": standing}
    query = search(visit.principal, **asked, before=before)
    with visit.database.reading() as connection:
        rows = connection.execute(query).all()
        behind = yard.behind(connection)
    older = rows[ROWS - 1].id if len(rows) > ROWS else None
    return visit.render(
        "parts.html", rows=rows[:ROWS], older=older, asked=asked, behind=behind, grades=_GRADES, routes=_ROUTES, states=_STATES
    )


def search(
    principal: Principal, *, q: str, make: str, grade: str, route: str, state: str, before: int | None = None
) -> Select[Any]:
    """Return the query of a search: its newest parts, or those `before` the one that a page ended with.

    A word of three characters is the code of a kind of part, a longer one the start of a part's reference, which is its vehicle's; `bin:`
    before a word asks for a bin. What is no grade, route or state asks for nothing.
    """
    part = tables.part
    query = select(part).where(visible_parts(principal)).limit(ROWS + 1)
    order: ColumnElement[int] = part.c.id
    if state in _STATES:
        query = query.where(part.c.state == state)
    word = q.strip()
    if word.lower().startswith("bin:"):
        query = query.where(part.c.bin == word[4:].strip())
    elif len(word) == _CODE:
        query = query.where(part.c.code == word.upper())
    elif word:
        first, after = starting_with(word.upper())
        query = query.where(part.c.reference >= first, part.c.reference < after)
        if len(word) >= _FEW:
            order = part.c.id + 0  # few rows: they are sorted, and not looked for from the newest part on
    if make.strip():
        query = query.where(part.c.make == make.strip().upper())
    if grade in _GRADES:
        query = query.where(part.c.grade == grade)
    if route in _ROUTES:
        query = query.where(part.c.route == route)
    if before is not None:
        query = query.where(order < before)
    return query.order_by(order.desc())


@page("/parts/{reference:str}", Permission.PARTS_READ)
def part_page(visit: Here, reference: FromPath[str]) -> Response[str]:
    """Show a part."""
    return _page(visit, reference)


def _page(visit: Visit, reference: str, error: VehicleNestError | None = None) -> Response[str]:
    with visit.database.reading() as connection:
        row = _row(connection, visit.principal, reference)
        materials, about = yard.thing_as_made(connection, row.lot)
    events = trace(visit.database.ledger, row.lot).events if visit.may(Permission.TRACE) else ()
    with visit.database.reading() as connection:
        attached = evidence.of_thing(connection, visit.principal, row.lot)
        booked = evidence.booked(connection, events, attached)
    found = sorted(materials.items(), key=lambda item: -item[1])
    shown: dict[str, Any] = {"row": row, "materials": found, "about": about, "events": events}
    return visit.render("part.html", error.status if error else 200, **shown, evidence=attached, booked=booked, error=error)


def _row(connection: Connection, principal: Principal, reference: str) -> Any:
    part = tables.part
    row = connection.execute(select(part).where(part.c.reference == reference, visible_parts(principal))).first()
    if row is None:
        raise NotFoundError(f"there is no part {reference[:64]}")
    return row


def _here(connection: Connection, visit: Visit, reference: str) -> Any:
    yard.catch_up_wholly(connection, visit.settings)
    row = _row(connection, visit.principal, reference)
    if row.state != yard.STOCK:
        raise ConflictError(f"{row.reference} is not in stock", expected="a part that is")
    return row


@form("/parts/{reference:str}/bin", Permission.PARTS_PLACE, leads=TO_PART)
def place(visit: Here, reference: FromPath[str], data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Say where a part lies."""
    where = text(data, "bin")
    try:
        _check_bin(where)
        with visit.database.writing() as connection:
            row = _here(connection, visit, reference)
            connection.execute(update(tables.part).where(tables.part.c.id == row.id).values(bin=where))
            visit.note(connection, "part placed", row.reference, bin=where)
    except (InputError, ConflictError) as error:
        return _page(visit, reference, error)
    return Redirect(f"/parts/{row.reference}", status_code=303)


@form("/parts/{reference:str}/price", Permission.PARTS_SELL, leads=TO_PART)
def price(visit: Here, reference: FromPath[str], data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Set what a part is offered for."""
    try:
        amount = _hundredths(text(data, "price"))
        with visit.database.writing() as connection:
            row = _here(connection, visit, reference)
            connection.execute(update(tables.part).where(tables.part.c.id == row.id).values(price_e2=amount))
            visit.note(connection, "price set", row.reference, price=f"{amount / 100:.2f} {row.currency}")
    except (InputError, ConflictError) as error:
        return _page(visit, reference, error)
    return Redirect(f"/parts/{row.reference}", status_code=303)


@form("/parts/{reference:str}/sale", Permission.PARTS_SELL)
def sale(visit: Here, reference: FromPath[str], data: URLEncodedBody[dict[str, Any]]) -> Response[Any]:
    """Ship a part by the route that rules and prices choose, at the agreed price where it stays a product."""
    try:
        amount = _hundredths(text(data, "price"))
        with visit.database.writing() as connection:
            row = _here(connection, visit, reference)
            materials, about = yard.thing_as_made(connection, row.lot)
            item = yard.item_of(about["kind"], row.code, materials, about.get("grade"), about.get("assembly", ""))
            time = yard.utc_now()
            serial = f"W{time:%y%m%d%H%M%S}{row.id % 10_000:04d}"  # a document's number has 17 characters
            agreed = Decimal(amount).scaleb(-2)
            decision = sell(Book(connection), row.lot, item, about["stream"], agreed, serial, time, visit.settings)
            yard.catch_up_wholly(connection, visit.settings)
            connection.execute(update(tables.part).where(tables.part.c.id == row.id).values(price_e2=amount))
            visit.note(connection, "part shipped", row.reference, route=decision.route.value, price=f"{agreed} {row.currency}")
    except (InputError, ConflictError) as error:
        return _page(visit, reference, error)
    return Redirect("/parts" if not visit.may(Permission.TRACE) else f"/parts/{row.reference}", status_code=303)


def _check_bin(name: str) -> None:
    if len(name) > _LONGEST_BIN or not name.isprintable():
        raise InputError(
            f"{name[:40]!r} is no name of a bin", expected=f"up to {_LONGEST_BIN} characters", where=Where(field="bin")
        )


def _hundredths(said: str) -> int:
    try:
        amount = Decimal(said) * 100
    except InvalidOperation:
        raise InputError(f"{said[:40]!r} is no price", expected="a number such as 1450.00", where=Where(field="price")) from None
    if not amount.is_finite() or not 0 <= amount <= _DEAREST_E2 or amount != amount.to_integral_value():
        raise InputError(f"{said[:40]!r} is no price", expected="0 to 10,000,000.00 with cents", where=Where(field="price"))
    return int(amount)


@page("/parts/{reference:str}/label.pdf", Permission.PARTS_PLACE, media_type="application/pdf")
def part_label(visit: Here, reference: FromPath[str]) -> Response[bytes]:
    """Return a part's label as PDF."""
    with visit.database.reading() as connection:
        row = _row(connection, visit.principal, reference)
    return pdf(labels([label_of(visit, row)]), f"{row.reference}.pdf")


HANDLERS = [parts, part_page, place, price, sale, part_label]
