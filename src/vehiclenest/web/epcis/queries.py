"""Queries that have a name: kept as they were given, answered as the query itself. Subscriptions are not offered."""

import re
from typing import Any, TypedDict, cast

import orjson
from litestar import Response
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection, delete, insert, select

from vehiclenest.core.errors import NotFoundError
from vehiclenest.web.database import now
from vehiclenest.web.epcis import tables
from vehiclenest.web.epcis.capturing import following, paging
from vehiclenest.web.epcis.declared import BASE, Asked, answer, from_path, in_path, read, remove, write
from vehiclenest.web.epcis.parameters import PAGING, Query, query_of, whole
from vehiclenest.web.epcis.refusals import ExistsError, NotImplementedHereError, ValidationError
from vehiclenest.web.epcis.resources import QueryDocument, found
from vehiclenest.web.visit import Here

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_RESERVED = "SimpleEventQuery"
_LONGEST = 20_000  # bytes of a definition
_SUBSCRIBING = frozenset(
    {"stream", "second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek", "reportIfEmpty", "initialRecordTime"}
)
_NONE_OFFERED = "subscriptions are not offered; ask the events of the query by GE_recordTime, or follow its pages"


class NamedQuery(TypedDict):
    """A query and its name."""

    name: str
    query: dict[str, Any]


_ACTION = Schema(type=OpenAPIType.STRING, enum=["ADD", "OBSERVE", "DELETE"])
_DEFINITION = Schema(
    type=OpenAPIType.OBJECT,
    description="A name and a query (EPCIS query language)",
    properties={
        "name": Schema(type=OpenAPIType.STRING, pattern=f"^{_NAME.pattern}$"),
        "query": Schema(
            type=OpenAPIType.OBJECT,
            properties={"EQ_action": Schema(type=OpenAPIType.ARRAY, items=_ACTION, min_items=1, max_items=3)},
        ),
    },
    required=["name", "query"],
)
# The calls that take the name of a query, by the ids that they have in the OpenAPI.
_CALLS = {"definition": "queryDefinition", "events": "queryEvents", "removal": "removeQuery"}


@read("/queries", parameters=PAGING)
def queries(visit: Here, request: Asked) -> Response[list[NamedQuery]]:
    """Return the named queries, in the order in which they were made."""
    per_page, token = paging(request)
    after = whole("nextPageToken", token, 0) if token else 0
    query = tables.query
    statement = select(query).where(query.c.id > after).order_by(query.c.id).limit(per_page + 1)
    with visit.database.reading() as connection:
        rows = connection.execute(statement).all()
    shown = rows[:per_page]
    more = following(request, str(shown[-1].id)) if len(rows) > per_page else ""
    return answer([{"name": row.name, "query": row.definition} for row in shown], following=more)


@write("/queries", 201, body=_DEFINITION, links=_CALLS)
def create_query(visit: Here, body: RawBody) -> Response[None]:
    """Keep a query under a name."""
    name, definition = _given(body)
    _understood(definition)
    query = tables.query
    with visit.database.writing() as connection:
        if connection.execute(select(query.c.id).where(query.c.name == name)).first():
            raise ExistsError(f"there is a query {name}")
        values = {"name": name, "definition": definition, "user_id": visit.principal.user_id, "created": now()}
        connection.execute(insert(query).values(values))
        visit.note(connection, "query named", name)
    return answer(b"", 201, Location=f"{BASE}/queries/{in_path(name)}")


def _given(body: bytes) -> tuple[str, dict[str, Any]]:
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValidationError(f"line {error.lineno}, column {error.colno}: {error.msg}", expected="JSON") from None
    said = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    name, definition = said.get("name"), said.get("query")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == _RESERVED:
        raise ValidationError(
            "the query has no name", expected="name: letters, digits, . _ ~ -, at most 128, not SimpleEventQuery"
        )
    if not isinstance(definition, dict) or len(body) > _LONGEST:
        raise ValidationError("there is no query", expected=f"query: an object of parameters, at most {_LONGEST} bytes in all")
    return name, cast("dict[str, Any]", definition)


def _understood(definition: dict[str, Any]) -> Query:
    return query_of(definition.items())


@read("/queries/{name:str}", operation_id=_CALLS["definition"])
def query_definition(visit: Here, name: FromPath[str]) -> Response[NamedQuery]:
    """Return the definition of a query."""
    with visit.database.reading() as connection:
        row = _row(connection, name)
    return answer({"name": row.name, "query": row.definition})


@remove("/queries/{name:str}", operation_id=_CALLS["removal"])
def remove_query(visit: Here, name: FromPath[str]) -> Response[None]:
    """Take a named query away."""
    with visit.database.writing() as connection:
        row = _row(connection, name)
        connection.execute(delete(tables.query).where(tables.query.c.id == row.id))
        visit.note(connection, "query removed", row.name)
    return answer(b"", 204)


@read("/queries/{name:str}/events", parameters=PAGING, answers=[413, 501], operation_id=_CALLS["events"])
def query_events(visit: Here, request: Asked, name: FromPath[str]) -> Response[QueryDocument]:
    """Return the events of a named query."""
    if _SUBSCRIBING.intersection(request.query_params) or "upgrade" in request.headers:
        raise NotImplementedHereError(_NONE_OFFERED)
    with visit.database.reading() as connection:
        row = _row(connection, name)
    return found(visit, request, _understood(row.definition), row.name)


@read("/queries/{name:str}/subscriptions", parameters=PAGING)
def subscriptions(visit: Here, name: FromPath[str]) -> Response[list[dict[str, Any]]]:
    """Return the subscriptions of a query: there are none."""
    with visit.database.reading() as connection:
        _row(connection, name)
    return answer([])


@write(
    "/queries/{name:str}/subscriptions", 201, body=Schema(type=OpenAPIType.OBJECT, description="A subscription"), answers=[501]
)
def subscribe(visit: Here, name: FromPath[str]) -> Response[None]:
    """Refuse a subscription: this server calls nobody."""
    with visit.database.reading() as connection:
        _row(connection, name)
    raise NotImplementedHereError(_NONE_OFFERED)


@read("/queries/{name:str}/subscriptions/{subscription_id:str}")
def subscription(name: FromPath[str], subscription_id: FromPath[str]) -> Response[dict[str, Any]]:
    """Return a subscription: there are none."""
    raise NotFoundError(f"the query {from_path(name)[:60]} has no subscription {from_path(subscription_id)[:60]}")


@remove("/queries/{name:str}/subscriptions/{subscription_id:str}")
def unsubscribe(name: FromPath[str], subscription_id: FromPath[str]) -> Response[None]:
    """End a subscription: there are none."""
    raise NotFoundError(f"the query {from_path(name)[:60]} has no subscription {from_path(subscription_id)[:60]}")


@remove("/nextPageToken/{token:str}", answers=[501])
def release(token: FromPath[str]) -> Response[None]:
    """Refuse to release a page token: none holds anything."""
    del token
    raise NotImplementedHereError("page tokens hold nothing on this server that could be released")


def _row(connection: Connection, segment: str) -> Any:
    name = from_path(segment)
    query = select(tables.query).where(tables.query.c.name == name)
    row = connection.execute(query).first() if _NAME.fullmatch(name) else None
    if row is None:
        raise NotFoundError(f"there is no query {name[:120]!r}")
    return row
