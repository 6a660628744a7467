"""Trace: any identifier, back to the vehicles it came from and forward to everything it became."""

from typing import Annotated, Any

from litestar import Response
from litestar.params import QueryParameter

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.ledger import trace
from vehiclenest.ledger.trace import Trace, as_dict
from vehiclenest.web.policy import Permission
from vehiclenest.web.routes import page, read
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
        error=error,
        shown=_SHOWN,
    )


@read("/api/trace", Permission.TRACE)
def trace_data(visit: Here, identifier: Identifier) -> dict[str, Any]:
    """Return a trace as JSON: a VIN, lot number, part (VIN-ENG), EPC URN or GS1 Digital Link; shares of mass, back and forward."""
    return as_dict(trace(visit.database.ledger, identifier))


HANDLERS = [trace_page, trace_data]
