"""What went wrong, as the asker reads it: a page for people, a problem document (RFC 9457) for machines."""

from typing import Any, cast
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web.observe import log
from vehiclenest.web.visit import Visit

PROBLEM = "application/problem+json"
_FOR_MACHINES = ("/api", "/epcis", "/metrics", "/health", "/contest/live")
Asked = Request[Any, Any, State]
_UNAUTHORIZED, _FORBIDDEN, _OURS = 401, 403, 500


def of_ours(request: Asked, error: VehicleNestError) -> Response[Any]:
    """Answer an error that the package raised on purpose."""
    return answer(request, error.problem())


def of_http(request: Asked, error: HTTPException) -> Response[Any]:
    """Answer an error of the HTTP layer."""
    if error.status_code >= _OURS:
        return of_fault(request, error)
    title = type(error).__name__.removesuffix("Exception")
    return answer(request, {"type": "about:blank", "title": title, "status": error.status_code, "detail": _detail(error)})


def of_fault(request: Asked, error: Exception) -> Response[Any]:
    """Answer a fault of ours: it is logged whole and told as nothing but the number of the request."""
    visit = _visit(request)
    number = visit.origin.request if visit else ""
    log().error("fault", request=number, path=request.scope["path"], exc_info=error)
    return answer(
        request,
        {"type": "about:blank", "title": "A fault of ours", "status": _OURS, "detail": f"it is in the log under {number}"},
    )


def answer(request: Asked, problem: dict[str, Any]) -> Response[Any]:
    """Return a problem in the form that the asker reads."""
    status, visit = problem["status"], _visit(request)
    accepted = request.headers.get("accept", "text/html")
    for_machines = request.scope["path"].startswith(_FOR_MACHINES) or not ("text/html" in accepted or accepted == "*/*")
    if visit is None or for_machines:
        headers = {"www-authenticate": "Bearer"} if status == _UNAUTHORIZED else {}
        if status == 429:  # noqa: PLR2004  # Too Many Requests
            headers["retry-after"] = "10"
        return Response(problem, status_code=status, media_type=PROBLEM, headers=headers)
    if request.method == "GET":
        if status == _UNAUTHORIZED:
            return Redirect("/login?next=" + quote(request.scope["path"]), status_code=303)
        if status == _FORBIDDEN and visit.principal.must_change:
            return Redirect("/account/password", status_code=303)
    return visit.render("problem.html", status=status, problem=problem)


def _visit(request: Asked) -> Visit | None:
    state: dict[str, Any] = request.scope["state"]
    return state.get("visit")


def _detail(error: HTTPException) -> str:
    extra = error.extra
    if isinstance(extra, list):
        items = cast("list[dict[str, Any]]", [item for item in cast("list[object]", extra) if isinstance(item, dict)])
        said = [f"{item.get('key', '')}: {item.get('message', '')}" for item in items]
        if said:
            return "; ".join(said)
    return error.detail
