"""Trace: any identifier, back to the vehicles it came from and forward to everything it became."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger import trace
from vehiclenest.ledger.trace import Trace, as_dict
from vehiclenest.web.downloads import csv_file
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import page, read
from vehiclenest.web.trace_picture import trace_picture
from vehiclenest.web.visit import Here

_SHOWN = 200
Identifier = Annotated[str, QueryParameter(name="id", max_length=2000)]


@page("/trace", Permission.TRACE)
def trace_page(visit: Here, identifier: Identifier = "") -> Response[str]:
    """Show a trace."""
    found, error = None, None
    if word := identifier.strip():
        try:
            found = trace(visit.database.ledger, word)
        except VehicleNestError as raised:
            error = raised
    return visit.render(
        "trace.html",
        error.status if error else 200,
        identifier=identifier,
        found=found,
        whole=isinstance(found, Trace),
        picture=trace_picture(found, visit.speech) if isinstance(found, Trace) else "",
        error=error,
        shown=_SHOWN,
    )


@read("/api/trace", Permission.TRACE)
def trace_data(visit: Here, identifier: Identifier) -> dict[str, Any]:
    """Return a trace as JSON: a VIN, lot number, part (VIN-ENG), EPC URN or GS1 Digital Link; shares of mass, back and forward."""
    return as_dict(trace(visit.database.ledger, identifier))


@page("/trace/shares.csv", Permission.TRACE, media_type="text/csv")
def trace_csv(visit: Here, identifier: Identifier) -> Response[bytes]:
    """Return a trace as CSV: one row a thing that it came from or became, with mass and share."""
    rows = as_dict(trace(visit.database.ledger, identifier))
    columns = ("direction", "id", "name", "end", "mass_kg", "share")
    table = [
        {name: row.get(name) for name in columns} | {"direction": way} for way in ("backward", "forward") for row in rows[way]
    ]
    return csv_file("trace.csv", columns, table)


HANDLERS = [trace_page, trace_csv, trace_data]
