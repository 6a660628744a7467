"""What went wrong, in the exceptions that EPCIS 2.0 names, as problem documents."""

from typing import Any, ClassVar

from litestar import Response
from litestar.exceptions import HTTPException

from vehiclenest.core.errors import ClosureError, ConflictError, InputError, NotFoundError, VehicleNestError
from vehiclenest.ledger.model import NAMESPACE, PREFIX
from vehiclenest.web import problems

VERSION = "2.0.0"
HEADERS = {"GS1-EPCIS-Version": VERSION, "GS1-CBV-Version": VERSION, "GS1-Extensions": f"{PREFIX}={NAMESPACE}"}
CAPTURE_LIMIT = 10_000  # events of one capture
_SCHEME = "epcisException:"
_SECURITY, _IMPLEMENTATION, _NO_SUCH = "SecurityException", "ImplementationException", "NoSuchNameException"
_OF_HTTP = {
    401: _SECURITY,
    403: _SECURITY,
    404: _NO_SUCH,
    413: "CaptureLimitExceededException",
    415: "UnsupportedMediaTypeException",
}
_UNDERSTOOD, _LARGE, _BUSY, _OURS = 400, 413, 503, 500


class RefusedError(VehicleNestError):
    """Base of what EPCIS has a name for; `name` is that of the exception."""

    name: ClassVar[str]


class QueryParameterError(RefusedError):
    """A parameter is unknown, or its value is none of its kind."""

    name, title, status = "QueryParameterException", "The query has a parameter that is not valid", 400


class ValidationError(RefusedError):
    """What was sent is not as the standard has it, or the ledger refuses it."""

    name, title, status = "ValidationException", "What was sent is not valid", 400


class TooLargeError(RefusedError):
    """More would be answered than somebody asked for at most."""

    name, title, status = "QueryTooLargeException", "The result is too large", 413


class CaptureTooLargeError(RefusedError):
    """More events than a capture may carry."""

    name, title, status = "CaptureLimitExceededException", "The capture is too large", 413


class TooLongError(RefusedError):
    """The address is too long."""

    name, title, status = "URITooLongException", "The address is too long", 414


class NotAcceptableError(RefusedError):
    """The answer cannot be given as it was asked for."""

    name, title, status = "NotAcceptableException", "The answer cannot be given in that way", 406


class MediaTypeError(RefusedError):
    """What was sent is in a form that is not read."""

    name, title, status = "UnsupportedMediaTypeException", "The media type is not supported", 415


class ExistsError(RefusedError):
    """There is such a thing already."""

    name, title, status = "ResourceAlreadyExistsException", "There is one already", 409


class NotImplementedHereError(RefusedError):
    """The standard knows it, this server does not do it."""

    name, title, status = _IMPLEMENTATION, "This server does not do that", 501


def of_error(request: problems.Asked, error: VehicleNestError) -> Response[Any]:
    """Answer an error that was raised on purpose."""
    problem = error.problem()
    if isinstance(error, RefusedError):
        name = error.name
    elif isinstance(error, NotFoundError):
        name = _NO_SUCH
    elif isinstance(error, InputError | ClosureError):
        name, problem["status"] = ValidationError.name, _UNDERSTOOD
    elif isinstance(error, ConflictError):
        name, problem["status"] = _IMPLEMENTATION, _BUSY
    else:
        name = _IMPLEMENTATION
    return _answer(request, problem | {"type": _SCHEME + name})


def of_http(request: problems.Asked, error: HTTPException) -> Response[Any]:
    """Answer an error of the HTTP layer."""
    answer = problems.of_http(request, error)
    name = _OF_HTTP.get(error.status_code)
    if name is None and error.status_code == _UNDERSTOOD:
        name = QueryParameterError.name if request.method == "GET" else ValidationError.name
    return _answer(request, answer.content | ({"type": _SCHEME + name} if name else {}))


def of_fault(request: problems.Asked, error: Exception) -> Response[Any]:
    """Answer a fault of ours."""
    return _answer(request, problems.of_fault(request, error).content | {"type": _SCHEME + _IMPLEMENTATION})


def _answer(request: problems.Asked, problem: dict[str, Any]) -> Response[Any]:
    answer = problems.answer(request, problem)
    answer.headers.update(HEADERS)
    if problem["status"] == _LARGE and request.method == "POST":
        answer.headers.update(capture_limits(request.app.state["application"].configuration.upload_bytes))
    return answer


def capture_limits(upload_bytes: int) -> dict[str, str]:
    """Return the headers that say how much may be captured at once."""
    return {"GS1-EPCIS-Capture-Limit": str(CAPTURE_LIMIT), "GS1-EPCIS-Capture-File-Size-Limit": str(upload_bytes)}
