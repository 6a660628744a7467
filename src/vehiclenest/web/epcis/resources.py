"""Reading: events by query and by id, and the top-level resources by which events are grouped."""

from datetime import UTC, datetime
from typing import Any, TypedDict

import orjson
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.time import format_time
from vehiclenest.ledger.conformance.vocabulary import BIZ_STEPS, DISPOSITIONS
from vehiclenest.ledger.epcis import CONTEXT
from vehiclenest.ledger.model import EVENT_TYPES
from vehiclenest.web.epcis import listing, search, terms
from vehiclenest.web.epcis.capturing import event_of, following, paging
from vehiclenest.web.epcis.declared import Asked, answer, from_path, read
from vehiclenest.web.epcis.parameters import PAGING, PARAMETERS, Query, query_of
from vehiclenest.web.epcis.refusals import QueryParameterError
from vehiclenest.web.epcis.words import LONGEST, uri, word
from vehiclenest.web.visit import Here

_TOP = ("events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "capture", "queries")
_SIMPLE = "SimpleEventQuery"

Collection = TypedDict("Collection", {"@context": list[Any], "type": str, "member": list[str]})
QueryDocument = TypedDict(
    "QueryDocument", {"@context": list[Any], "type": str, "schemaVersion": str, "creationDate": str, "epcisBody": dict[str, Any]}
)


@read("")
def top() -> Response[Collection]:
    """Return the top-level resources."""
    return answer(collection(_TOP))


@read("/events", parameters=[*PAGING, *PARAMETERS])
def events(visit: Here, request: Asked) -> Response[QueryDocument]:
    """Return the events that the parameters of the SimpleEventQuery ask for."""
    return found(visit, request, query_of(request.query_params.multi_items()))


@read("/events/{event_id:str}")
def event(visit: Here, event_id: FromPath[str]) -> Response[QueryDocument]:
    """Return the event of an id, with the declarations that it is in error."""
    name = from_path(event_id)
    bodies = event_of(visit, name)
    if not bodies:
        raise NotFoundError(f"there is no event {name[:120]}")
    return document(bodies, _SIMPLE)


def found(visit: Here, request: Asked, query: Query, name: str = _SIMPLE) -> Response[QueryDocument]:
    """Return a page of the events that a query finds."""
    per_page, token = paging(request)
    if query.terms:
        terms.bring_up_to_date(visit.database)
    with visit.database.reading() as connection:
        page = search.page(connection, query, per_page, token)
    return document(page.events, name, following(request, page.token))


def document(bodies: list[bytes], name: str, next_page: str = "") -> Response[QueryDocument]:
    """Return a query document of events that are JSON already."""
    head = {
        "@context": CONTEXT,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": format_time(datetime.now(UTC)),
    }
    start = orjson.dumps(head)[:-1] + b',"epcisBody":{"queryResults":{"queryName":' + orjson.dumps(name)
    return answer(start + b',"resultsBody":{"eventList":[' + b",".join(bodies) + b"]}}}}", following=next_page)


def collection(members: Any) -> dict[str, Any]:
    """Return a collection."""
    return {"@context": CONTEXT, "type": "Collection", "member": [*members]}


class Resource:
    """A top-level resource: its list, one of it, and the events of one."""

    def __init__(self, path: str, parameter: str, kind: int | None, standard: tuple[str, ...] = ()) -> None:
        self.path, self.parameter, self.kind = path, parameter, kind
        self.form = uri if kind in {terms.READ_POINT, terms.LOCATION, None} else word
        self.listing: listing.Listing = listing.Things() if kind is None else listing.Terms(kind, standard)

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return what answers its three paths."""

        @read(f"/{self.path}", parameters=PAGING)
        def members(visit: Here, request: Asked) -> Response[Collection]:
            """Return the names that this repository knows."""
            per_page, token = paging(request)
            if self.kind is not None:
                terms.bring_up_to_date(visit.database)
            with visit.database.reading() as connection:
                names, last = self.listing.after(connection, token, per_page)
            return answer(collection(names), following=following(request, last))

        @read(f"/{self.path}/{{name:str}}")
        def member(visit: Here, name: FromPath[str]) -> Response[Collection]:
            """Return what there is of one: its events."""
            self.found(visit, name)
            return answer(collection(["events"]))

        @read(f"/{self.path}/{{name:str}}/events", parameters=[*PAGING, *PARAMETERS])
        def events_of(visit: Here, request: Asked, name: FromPath[str]) -> Response[QueryDocument]:
            """Return its events, narrowed down by the parameters of the SimpleEventQuery."""
            value = self.found(visit, name)
            asked = [*request.query_params.multi_items()]
            if any(given == self.parameter for given, _ in asked):
                raise QueryParameterError(f"{self.parameter} is given by the path")
            return found(visit, request, query_of([*asked, (self.parameter, [value])]))

        return [members, member, events_of]

    def found(self, visit: Here, segment: str) -> str:
        """Return the one form of a name in a path; raise `NotFoundError` where nothing has it."""
        value = from_path(segment)
        if self.kind is not None:
            terms.bring_up_to_date(visit.database)
        if value.isprintable() and 0 < len(value) <= LONGEST and "*" not in value:
            value = self.form(value)
            try:
                with visit.database.reading() as connection:
                    if self.listing.knows(connection, value):
                        return value
            except InputError:
                pass
        raise NotFoundError(f"{value[:120]!r} is not known here")


RESOURCES = [
    Resource("eventTypes", "eventType", terms.TYPE, EVENT_TYPES),
    Resource("epcs", "MATCH_anyEPC", None),
    Resource("bizSteps", "EQ_bizStep", terms.STEP, tuple(BIZ_STEPS)),
    Resource("bizLocations", "EQ_bizLocation", terms.LOCATION),
    Resource("readPoints", "EQ_readPoint", terms.READ_POINT),
    Resource("dispositions", "EQ_disposition", terms.DISPOSITION, tuple(DISPOSITIONS)),
]
