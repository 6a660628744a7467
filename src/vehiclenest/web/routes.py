"""How a page or an API call is declared: path, permission, and the answers that every one of them may give.

    @page("/parts", Permission.PARTS_READ)
    def parts(visit: Here) -> Response[str]: ...

Handlers are plain functions and run in a thread; `quick=True` keeps one that only reads a few rows by an index in the event loop.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from litestar import Request, delete, get, post
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from vehiclenest.web.leads import Lead, linked
from vehiclenest.web.policy import PUBLIC, Permission

PERMISSION = "permission"
WHILE_MUST_CHANGE = "while_must_change"
_PROBLEM = "application/problem+json"
Declared = Callable[[Callable[..., Any]], HTTPRouteHandler]


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


_ANSWERS: Mapping[int, str] = {
    400: "The request cannot be understood",
    401: "Log in first, or give a token",
    403: "The role may not do that, or the form is not ours",
    404: "There is no such thing, or not for this role",
    409: "The ledger says otherwise",
    413: "The request is too large",
    422: "The input is not valid",
    429: "Too many requests",
    503: "The database is busy",
}


def _answers(media_type: str) -> dict[int, ResponseSpec]:
    container = Problem if media_type == _PROBLEM else str
    return {
        status: ResponseSpec(container, generate_examples=False, description=text, media_type=media_type)
        for status, text in _ANSWERS.items()
    }


_HTML, _JSON = _answers(MediaType.HTML), _answers(_PROBLEM)
_SHOWN = {200: ResponseSpec(str, generate_examples=False, description="The page with its outcome", media_type=MediaType.HTML)}


def page(
    path: str,
    permission: Permission,
    *,
    quick: bool = False,
    while_must_change: bool = False,
    media_type: str = MediaType.HTML,
    **more: Any,
) -> Declared:
    """Declare a page, or a file of another media type that people open or download."""
    options = {PERMISSION: permission, WHILE_MUST_CHANGE: while_must_change}
    return _declared(get(path, opt=options, responses=_HTML, media_type=media_type, **more), quick=quick)


def form(
    path: str, permission: Permission, *, while_must_change: bool = False, leads: Sequence[Lead] = (), **more: Any
) -> Declared:
    """Declare what a form of a page does; it answers with a redirect (303) that `leads` on, or with the page and what was wrong."""
    options = {PERMISSION: permission, WHILE_MUST_CHANGE: while_must_change}
    more |= {"operation_class": linked(leads)} if leads else {}
    return _declared(post(path, opt=options, responses=_SHOWN | _HTML, media_type=MediaType.HTML, status_code=303, **more))


def read(path: str, permission: Permission, *, quick: bool = False, **more: Any) -> Declared:
    """Declare a reading call of the API."""
    return _declared(get(path, opt={PERMISSION: permission}, responses=_JSON, **more), quick=quick)


def write(path: str, permission: Permission, *, status_code: int = 201, **more: Any) -> Declared:
    """Declare a writing call of the API."""
    return _declared(post(path, opt={PERMISSION: permission}, responses=_JSON, status_code=status_code, **more))


def remove(path: str, permission: Permission, **more: Any) -> Declared:
    """Declare a call of the API that takes something away."""
    return _declared(delete(path, opt={PERMISSION: permission}, responses=_JSON, **more))


def _declared(decorator: Callable[..., HTTPRouteHandler], *, quick: bool = False) -> Declared:
    # Litestar's own sync_to_thread wraps a handler again for every other one on its path (2.25), and then awaits once.
    def declare(function: Callable[..., Any]) -> HTTPRouteHandler:
        @wraps(function)
        async def handler(**values: Any) -> Any:
            return function(**values) if quick else await sync_to_thread(function, **values)

        return decorator(handler)

    return declare


async def permitted(connection: ASGIConnection[Any, Any, Any, State], handler: BaseRouteHandler) -> None:
    """Let nobody in beyond his role: the guard of every route."""
    permission: Permission = handler.opt[PERMISSION]
    visit = connection.scope["state"]["visit"]
    principal = visit.principal
    if not principal.may(permission):
        if principal is PUBLIC:
            raise NotAuthorizedException("log in first")
        raise PermissionDeniedException(f"the role {principal.role} may not do that")
    if principal.must_change and not handler.opt.get(WHILE_MUST_CHANGE) and permission is not Permission.ANYONE:
        raise PermissionDeniedException("the one-time password has to be changed first")
    if isinstance(connection, Request) and connection.method not in {"GET", "HEAD", "OPTIONS"} and principal.via != "token":
        await _ours(connection, visit.csrf)


async def _ours(connection: Request[Any, Any, State], expected: str) -> None:
    """Refuse a change that does not carry the token of a form of ours."""
    from vehiclenest.web.security import from_elsewhere, same_token

    headers = connection.headers
    given = headers.get("x-csrf-token")
    if given is None and "form" in headers.get("content-type", ""):
        field = (await connection.form()).get("_csrf")
        given = field if isinstance(field, str) else None
    if from_elsewhere(headers) or given is None or not expected or not same_token(expected, given):
        raise PermissionDeniedException("the form is not ours or too old: open the page again")
