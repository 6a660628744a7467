"""How a call of the EPCIS interface is declared: path, permission, what may be answered; and what both sides have to agree on first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote, unquote

import orjson
from litestar import Request, Response, delete, get, post, route
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Link,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType
from litestar.types import ASGIApp, Receive, Scope, Send

from vehiclenest import __version__
from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web.epcis import refusals
from vehiclenest.web.epcis.refusals import HEADERS, VERSION, MediaTypeError, NotAcceptableError, TooLongError
from vehiclenest.web.policy import Permission
from vehiclenest.web.problems import PROBLEM
from vehiclenest.web.routes import PERMISSION, Problem
from vehiclenest.web.visit import Here

BASE = "/epcis"
JSON, LINKED = "application/json", "application/ld+json"
LONGEST_QUERY = 16_000  # characters behind the question mark
_ACCEPTED = {JSON, LINKED, "*/*", "application/*"}
_ANSWERS: Mapping[int, str] = {
    400: "The request is not valid",
    401: "Log in first, or give a token",
    403: "The role may not do that",
    404: "There is no such thing, or not for this role",
    406: "The answer cannot be given in that way",
    409: "There is one already",
    413: "Too large",
    414: "The address is too long",
    415: "The media type is not supported",
    429: "Too many requests",
    501: "This server does not do that",
    503: "The database is busy",
}
_ALWAYS = frozenset({400, 401, 403, 404, 406, 414, 429, 503})
_TEXT = Schema(type=OpenAPIType.STRING)
_TRANSLATES = {"Always_GS1_Digital_Link", "Always_EPC_URN"}
_DISCOVERED = {
    "GS1-EPCIS-Min": VERSION,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Min": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
    "GS1-Vendor-Version": __version__,
}
Asked = Request[Any, Any, State]
Declared = Callable[[Callable[..., Any]], HTTPRouteHandler]


def read(
    path: str, *, parameters: Sequence[Parameter] = (), answers: Collection[int] = (), operation_id: str | None = None
) -> Declared:
    """Declare a reading call."""
    return _declared(get, path, Permission.EPCIS_READ, parameters=parameters, answers=answers, operation_id=operation_id)


def write(
    path: str,
    status: int,
    *,
    body: Schema,
    parameters: Sequence[Parameter] = (),
    answers: Collection[int] = (),
    links: Mapping[str, str] | None = None,
) -> Declared:
    """Declare a call that adds something; `body` says what it is sent, `links` which calls take the `name` in it, by their ids."""
    of_body = {409, 413, 415, *answers}
    described = {
        label: Link(operation_id=operation, parameters={"name": "$request.body#/name"})
        for label, operation in (links or {}).items()
    }
    return _declared(
        post,
        path,
        Permission.EPCIS_CAPTURE,
        parameters=parameters,
        answers=of_body,
        body=body,
        links=described,
        status_code=status,
    )


def remove(path: str, *, answers: Collection[int] = (), operation_id: str | None = None) -> Declared:
    """Declare a call that takes something away."""
    return _declared(delete, path, Permission.EPCIS_CAPTURE, answers=answers, status_code=204, operation_id=operation_id)


def discovery(path: str, allow: str, *, captures: bool = False) -> HTTPRouteHandler:
    """Return what answers OPTIONS: which methods there are and what this server supports, and how much it `captures` at once."""
    headers = {**HEADERS, **_DISCOVERED, "Allow": allow}

    def options(visit: Here) -> Response[None]:
        """Say which methods there are and what this server supports."""
        limits = refusals.capture_limits(visit.application.configuration.upload_bytes)
        behaviour = {"GS1-Capture-Error-Behaviour": "rollback"}
        return Response(None, status_code=204, headers={**headers, **(limits | behaviour if captures else {})})

    return _declared(route, path, Permission.EPCIS_READ, http_method=[HttpMethod.OPTIONS], status_code=204)(options)


def _declared(
    decorator: Callable[..., Any],
    path: str,
    permission: Permission,
    *,
    parameters: Sequence[Parameter] = (),
    answers: Collection[int] = (),
    body: Schema | None = None,
    links: dict[str, Link] | None = None,
    **more: Any,
) -> Declared:
    responses = {
        status: ResponseSpec(Problem, generate_examples=False, description=_ANSWERS[status], media_type=PROBLEM)
        for status in sorted(_ALWAYS.union(answers))
    }

    def declare(function: Callable[..., Any]) -> HTTPRouteHandler:
        @wraps(function)
        async def handler(**values: Any) -> Any:
            return await sync_to_thread(function, **values)

        return decorator(
            BASE + path,
            opt={PERMISSION: permission},
            guards=[agreed],
            responses=responses,
            operation_class=_operation(list(parameters), body, links, empty=function.__annotations__["return"] == Response[None]),
            exception_handlers={
                VehicleNestError: refusals.of_error,
                HTTPException: refusals.of_http,
                Exception: refusals.of_fault,
            },
            tags=["EPCIS 2.0"],
            **more,
        )(handler)

    return declare


def _operation(
    parameters: list[Parameter], body: Schema | None, links: dict[str, Link] | None, *, empty: bool
) -> type[Operation]:
    """Return the description of a call with parameters and a body that the handler reads itself; `empty` is an answer without one."""

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *parameters]
            for status, response in (self.responses or {}).items():
                if status[0] == "2" and isinstance(response, OpenAPIResponse):
                    response.content = None if empty else response.content
                    response.headers = {name: OpenAPIHeader(schema=_TEXT) for name in HEADERS}
                    response.links = {**links} if links else None
            if body:
                content = {kind: OpenAPIMediaType(schema=body) for kind in (JSON, LINKED)}
                self.request_body = RequestBody(content=content, description=body.description, required=True)

    return Described


async def agreed(connection: ASGIConnection[Any, Any, Any, State], _handler: BaseRouteHandler) -> None:
    """Refuse what cannot be answered as it is asked: other media types, versions, formats of EPCs; too long addresses."""
    headers = connection.headers
    if len(connection.scope["query_string"]) > LONGEST_QUERY:
        raise TooLongError(f"{len(connection.scope['query_string'])} characters of query", expected=f"at most {LONGEST_QUERY}")
    accept = {part.partition(";")[0].strip().lower() for part in headers.get("accept", "*/*").split(",")}
    if not accept & _ACCEPTED:
        raise NotAcceptableError("only JSON is answered", expected=f"Accept: {JSON} or {LINKED}")
    if connection.scope["type"] == "http" and connection.scope["method"] == "POST":
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {JSON, LINKED}:
            raise MediaTypeError(f"{kind[:60]!r} is not read", expected=f"{JSON} or {LINKED}")
    for name in ("EPCIS", "CBV"):
        least, most, exact = (headers.get(f"gs1-{name}-{end}") for end in ("min", "max", "version"))
        if _version(least, 0) > _version(VERSION, 0) or _version(most, 99) < _version(VERSION, 0):
            raise NotAcceptableError(f"{name} {least or ''}–{most or ''} is not spoken", expected=f"{name} {VERSION}")
        if exact and _version(exact, 0)[0] != _version(VERSION, 0)[0]:
            raise NotAcceptableError(f"{name} {exact[:20]} is not spoken", expected=f"{name} {VERSION}")
    if headers.get("gs1-epc-format") in _TRANSLATES:
        raise NotAcceptableError("identifiers are answered as they were captured", expected="GS1-EPC-Format: Never_Translates")


def _version(text: str | None, missing: int) -> tuple[int, int]:
    if text is None:
        return missing, 0
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):  # noqa: PLR2004  # digits of a version
        raise NotAcceptableError(f"{text[:20]!r} is no version", expected=VERSION)
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0


def answer(content: Any, status: int = 200, *, following: str = "", **headers: str) -> Response[Any]:
    """Return an answer; `content` is JSON already or plain data, `following` the address of the next page."""
    more = {"Link": f'<{following}>; rel="next"'} if following else {}
    written = content if isinstance(content, bytes) else orjson.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(written, status_code=status, media_type=JSON, headers={**HEADERS, **more, **named})


def in_path(text: str) -> str:
    """Return an identifier as it stands in a path."""
    return quote(text, safe="")


def from_path(segment: str) -> str:
    """Return the identifier that a piece of a path stands for."""
    return unquote(segment)


class AsSent:
    """ASGI middleware: below `/epcis` a path is read as it was sent, because identifiers in it hold slashes, written %2F."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] == "http" and scope["path"].startswith(BASE + "/") and scope.get("raw_path"):
            scope["path"] = scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
        await self.app(scope, receive, send)
