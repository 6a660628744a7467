"""Capture: a document is taken at once and booked in the background (the job kind `capture`), one event alone at once.

A job books all its events in one step: they are in the ledger together with the outcome, or not at all. Killed in between, it is done
again from its start; what is in the ledger already is known by its hash.
"""

from typing import Any, TypedDict

import orjson
from litestar import Response
from litestar.openapi.spec import Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, RawBody
from sqlalchemy import delete, select

from vehiclenest.core.errors import NotFoundError
from vehiclenest.core.time import format_time
from vehiclenest.ledger import Book, prepare
from vehiclenest.ledger.conformance import Fault
from vehiclenest.ledger.entry import moment
from vehiclenest.web import imports, jobs, tables
from vehiclenest.web.epcis import search, terms
from vehiclenest.web.epcis.declared import BASE, Asked, answer, from_path, in_path, read, write
from vehiclenest.web.epcis.parameters import PAGING, Query, whole
from vehiclenest.web.epcis.refusals import CAPTURE_LIMIT, CaptureTooLargeError, ExistsError, QueryParameterError, ValidationError
from vehiclenest.web.jobs import Running
from vehiclenest.web.policy import visible_jobs
from vehiclenest.web.visit import Here

KIND = "capture"
BEHAVIOURS = ("rollback", "proceed")
_DOCUMENTS = ("EPCISDocument", "EPCISQueryDocument")
_BEHAVIOUR = "GS1-Capture-Error-Behaviour"
_LONGEST_KEY = 15


class CaptureJob(TypedDict):
    """How far a capture is, in the words of EPCIS 2.0."""

    captureID: str
    running: bool
    success: bool
    captureErrorBehaviour: str
    createdAt: str
    errors: list[dict[str, Any]]


_PROCEED = Parameter(
    name=_BEHAVIOUR,
    param_in="header",
    schema=Schema(type=OpenAPIType.STRING, enum=[*BEHAVIOURS], default="rollback"),
    description="Whether faultless events are stored although others are not",
    required=False,
)


_OBJECT, _STRING = Schema(type=OpenAPIType.OBJECT), Schema(type=OpenAPIType.STRING)
_DOCUMENT = Schema(
    type=OpenAPIType.OBJECT,
    description="An EPCIS document, or a query document",
    properties={"type": Schema(type=OpenAPIType.STRING, enum=[*_DOCUMENTS]), "epcisBody": _OBJECT},
    required=["type", "epcisBody"],
)
_EVENT = Schema(
    type=OpenAPIType.OBJECT,
    description="One EPCIS event",
    properties=dict.fromkeys(("type", "eventTime", "eventTimeZoneOffset"), _STRING),
    required=["type", "eventTime", "eventTimeZoneOffset"],
)


@write("/capture", 202, body=_DOCUMENT, parameters=[_PROCEED])
def capture(visit: Here, request: Asked, body: RawBody) -> Response[None]:
    """Take a document; its events are checked and booked in the background."""
    behaviour = request.headers.get(_BEHAVIOUR, "rollback")
    if behaviour not in BEHAVIOURS:
        raise ValidationError(f"{_BEHAVIOUR} {behaviour[:40]!r} is not known", expected=" or ".join(BEHAVIOURS))
    events = _size(body)
    with visit.database.writing() as connection:
        file = imports.keep(connection, "capture.json", body, visit.principal.user_id)
        number = jobs.ask(connection, visit.principal.user_id, KIND, {"file": file, "behaviour": behaviour}, total=events)
        visit.note(connection, "capture asked for", str(number), events=events)
    return answer(b"", 202, Location=f"{BASE}/capture/{number}")


def _size(body: bytes) -> int:
    """Return how many events a document holds; everything else about it is checked in the background."""
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValidationError(f"line {error.lineno}, column {error.colno}: {error.msg}", expected="JSON") from None
    if not isinstance(document, dict) or document.get("type") not in _DOCUMENTS:  # pyright: ignore[reportUnknownMemberType]
        raise ValidationError("this is no EPCIS document", expected=f"type {' or '.join(_DOCUMENTS)}")
    said: Any = document.get("epcisBody")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    for name in ("queryResults", "resultsBody") if document["type"] == _DOCUMENTS[1] else ():
        said = said.get(name) if isinstance(said, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    events: Any = said.get("eventList") if isinstance(said, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(events, list):
        raise ValidationError("the document has no list of events", expected="epcisBody with eventList")
    if len(events) > CAPTURE_LIMIT:  # pyright: ignore[reportUnknownArgumentType]
        raise CaptureTooLargeError(
            f"{len(events)} events",  # pyright: ignore[reportUnknownArgumentType]
            expected=f"at most {CAPTURE_LIMIT} in one capture",
        )
    return len(events)  # pyright: ignore[reportUnknownArgumentType]


def book(running: Running) -> None:
    """Book the events of a document (the job kind `capture`)."""
    file, proceed = tables.file, running.parameters["behaviour"] == "proceed"
    with running.database.reading() as connection:
        content = connection.execute(select(file.c.content).where(file.c.id == running.parameters["file"])).scalar()
    if content is None:
        return  # the step was kept and the job's end was not written: all is done
    prepared = prepare(bytes(content))
    with running.step() as step:
        outcome = prepared.enter(Book(step.connection), proceed=proceed)
        if outcome.stored:
            terms.catch_up(step.connection)
        step.connection.execute(delete(file).where(file.c.id == running.parameters["file"]))
        step.cursor = outcome.as_dict()
        step.done, step.total = outcome.accepted, prepared.events
        step.message = f"stored: {outcome.stored}" + (f", faults: {outcome.total_errors}" if outcome.total_errors else "")


@read("/capture", parameters=PAGING)
def captures(visit: Here, request: Asked) -> Response[list[CaptureJob]]:
    """Return the capture jobs that somebody may see, the newest first."""
    per_page, token = paging(request)
    job = tables.job
    query = select(job).where(job.c.kind == KIND, visible_jobs(visit.principal)).order_by(job.c.id.desc())
    if token:
        query = query.where(job.c.id < whole("nextPageToken", token, 0))
    with visit.database.reading() as connection:
        rows = connection.execute(query.limit(per_page + 1)).all()
    more = len(rows) > per_page
    shown = rows[:per_page]
    return answer([_job(row) for row in shown], following=following(request, str(shown[-1].id)) if more else "")


@read("/capture/{capture_id:str}")
def capture_job(visit: Here, capture_id: FromPath[str]) -> Response[CaptureJob]:
    """Return how far a capture is."""
    job = tables.job
    plain = capture_id.isascii() and capture_id.isdigit() and len(capture_id) <= _LONGEST_KEY
    query = select(job).where(job.c.id == (int(capture_id) if plain else 0), job.c.kind == KIND)
    with visit.database.reading() as connection:
        row = connection.execute(query.where(visible_jobs(visit.principal))).first()
    if row is None:
        raise NotFoundError(f"there is no capture {from_path(capture_id)[:40]}")
    return answer(_job(row))


def _job(row: Any) -> dict[str, Any]:
    errors = [_problem(Fault(**fault)) for fault in row.cursor.get("errors", ())]
    if row.state in {jobs.FAILED, jobs.CANCELLED}:
        errors.append(
            {"type": "epcisException:ImplementationException", "title": f"The job was {row.state}", "detail": row.message}
        )
    found = {
        "captureID": str(row.id),
        "running": row.state in {jobs.QUEUED, jobs.RUNNING},
        "success": not errors,
        "captureErrorBehaviour": row.parameters["behaviour"],
        "createdAt": format_time(moment(row.created)),
        "errors": errors,
    }
    return found | ({"finishedAt": format_time(moment(row.finished))} if row.finished else {})


def _problem(fault: Fault) -> dict[str, Any]:
    place = f"{fault.pointer}: " if fault.pointer else ""
    return {
        "type": "epcisException:ValidationException",
        "title": fault.rule,
        "status": 400,
        "detail": f"{place}{fault.message}",
        "pointer": fault.pointer,
    }


@write("/events", 201, body=_EVENT)
def create_event(visit: Here, body: RawBody) -> Response[dict[str, Any]]:
    """Capture one event at once; the answer is the event as the ledger keeps it."""
    prepared = prepare(body)
    if prepared.events != 1 and not prepared.total_faults:
        raise ValidationError(f"{prepared.events} events", expected="one event; /capture takes more")
    _refuse(prepared.faults)
    with visit.database.writing() as connection:
        outcome = prepared.enter(Book(connection))
        _refuse(outcome.errors)
        if not outcome.stored:
            raise ExistsError("the ledger holds this event")
        terms.catch_up(connection)
        last = Book(connection).last()
        found = search.bodies(connection, [last])[last]
        visit.note(connection, "event captured", str(found["eventID"]))
    return answer(found, 201, Location=f"{BASE}/events/{in_path(found['eventID'])}")


def _refuse(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise ValidationError("; ".join(f"{fault.pointer or '/'}: {fault.message} ({fault.rule})" for fault in faults[:10]))


def paging(request: Asked) -> tuple[int, str]:
    """Return how many somebody wants on a page, and the token."""
    asked = request.query_params.get("perPage")
    per_page = search.DEFAULT_PER_PAGE if asked is None else whole("perPage", asked, 1)
    token = request.query_params.get("nextPageToken", "")
    if len(token) > 2 * search.MOST_PER_PAGE or not token.isprintable():
        raise QueryParameterError("the nextPageToken is none that this server gave")
    return min(per_page, search.MOST_PER_PAGE), token


def following(request: Asked, token: str) -> str:
    """Return the address of the next page."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "nextPageToken"]
    pairs = "&".join(f"{in_path(name)}={in_path(value)}" for name, value in [*kept, ("nextPageToken", token)])
    return f"{request.scope['path']}?{pairs}" if token else ""


def event_of(visit: Here, event_id: str) -> list[bytes]:
    """Return the events of an id: one, and the declarations about it."""
    query = Query(event_ids=[event_id])
    with visit.database.reading() as connection:
        return search.page(connection, query, search.MOST_PER_PAGE).events
