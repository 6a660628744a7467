"""The parameters of the SimpleEventQuery become a `Query`: what an index finds, what is tested on the event, and the order."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from litestar.openapi.spec import Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from vehiclenest.core.errors import InputError
from vehiclenest.ledger.entry import microseconds
from vehiclenest.web.epcis import matching, terms
from vehiclenest.web.epcis.matching import EPC_FIELDS, Test, reading
from vehiclenest.web.epcis.refusals import NotImplementedHereError, QueryParameterError
from vehiclenest.web.epcis.words import Pattern, uri, word

MOST_VALUES = 200  # of one parameter
MOST_PARAMETERS = 60
ORDERS = {"eventTime": "event_time", "recordTime": "record_time"}
_SENSED = ("sensorElementList", "sensorMetadata"), ("sensorElementList", "sensorReport")
_TERMS: Mapping[str, tuple[int, Callable[[str], str]]] = {
    "eventType": (terms.TYPE, word),
    "EQ_bizStep": (terms.STEP, word),
    "EQ_disposition": (terms.DISPOSITION, word),
    "EQ_readPoint": (terms.READ_POINT, uri),
    "WD_readPoint": (terms.READ_POINT, uri),
    "EQ_bizLocation": (terms.LOCATION, uri),
    "WD_bizLocation": (terms.LOCATION, uri),
}
_AMONG: Mapping[str, tuple[tuple[tuple[str, ...], ...], Callable[[str], str]]] = {
    "EQ_action": ((("action",),), str),
    "EQ_persistentDisposition_set": ((("persistentDisposition", "set"),), word),
    "EQ_persistentDisposition_unset": ((("persistentDisposition", "unset"),), word),
    "EQ_errorReason": ((("errorDeclaration", "reason"),), word),
    "EQ_correctiveEventID": ((("errorDeclaration", "correctiveEventIDs"),), str),
    "EQ_type": (((*_SENSED[1], "type"),), word),
    **{
        f"EQ_{name}": (tuple((*path, name) for path in _SENSED), uri) for name in ("deviceID", "dataProcessingMethod", "bizRules")
    },
    **{
        f"EQ_{name}": (((*_SENSED[1], name),), uri)
        for name in ("microorganism", "chemicalSubstance", "stringValue", "hexBinaryValue", "uriValue")
    },
}
_TIMES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "errorDeclarationTime": (("errorDeclaration", "declarationTime"),),
    "errorDeclaration_Time": (("errorDeclaration", "declarationTime"),),
    "time": tuple((*path, "time") for path in _SENSED),
    "startTime": ((*_SENSED[0], "startTime"),),
    "endTime": ((*_SENSED[0], "endTime"),),
}
_FIGURE = re.compile(
    r"(EQ|GT|GE|LT|LE)_(quantity|value|minValue|maxValue|meanValue|sDev|percRank|percValue)(?:_([A-Z0-9]{2,3}))?"
)
_PARTY = re.compile(r"EQ_(bizTransaction|source|destination)_(.+)")
_OWN = re.compile(r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?(ILMD_|ERROR_DECLARATION_|SENSORELEMENT_)?(.*[:/#].*)")
_WITHIN = {"": (), "ILMD_": ("ilmd",), "ERROR_DECLARATION_": ("errorDeclaration",), "SENSORELEMENT_": ("sensorElementList",)}
_IGNORED = frozenset({"perPage", "nextPageToken"})


@dataclass(slots=True)
class Query:
    """What is asked for.

    `terms` are kinds of the index with the values that may stand there, `patterns` identifiers of which each list has to be matched,
    `transformations` and `event_ids` are found by the ledger's own indices. Every event is tested by `tests` in any case. Times are
    microseconds since 1970 UTC, from the first on and before the second.
    """

    tests: list[Test] = field(default_factory=list[Test])
    terms: list[tuple[int, list[str]]] = field(default_factory=list[tuple[int, list[str]]])
    patterns: list[list[Pattern]] = field(default_factory=list[list[Pattern]])
    transformations: list[str] = field(default_factory=list[str])
    event_ids: list[str] = field(default_factory=list[str])
    times: dict[str, list[int | None]] = field(default_factory=lambda: {"event_time": [None, None], "record_time": [None, None]})
    order: str = "seq"
    direction: str = "DESC"
    first: int | None = None
    most: int | None = None

    @property
    def descending(self) -> bool:
        """Whether the last comes first; a direction says something of an order only."""
        return self.order != "seq" and self.direction == "DESC"

    def fits(self, body: Mapping[str, Any]) -> bool:
        """Return whether an event is what is asked for; times of the tables are not asked again."""
        return all(test(body) for test in self.tests)


def query_of(parameters: Iterable[tuple[str, Any]]) -> Query:
    """Return what parameters ask for: texts with `|` between values, or lists and numbers as a named query has them.

    Raises
    ------
    QueryParameterError
        Naming the parameter that is unknown, or whose value is wrong.
    NotImplementedHereError
        For what speaks of XML attributes.
    """
    query, seen = Query(), set[str]()
    for name, value in parameters:
        if name in _IGNORED or name == "@context":
            continue
        if name in seen:
            raise QueryParameterError(f"{name[:80]!r} stands there twice", expected="each once, values with | between them")
        seen.add(name)
        if len(seen) > MOST_PARAMETERS:
            raise QueryParameterError("too many parameters", expected=f"at most {MOST_PARAMETERS}")
        _read(query, name, value)
    if query.first is not None and (query.most is not None or query.order == "seq"):
        raise QueryParameterError("eventCountLimit asks for orderBy and goes with no maxEventCount")
    return query


def _read(query: Query, name: str, value: Any) -> None:
    comparison, _, what = name.partition("_")
    if name in _TERMS:
        kind, form = _TERMS[name]
        wanted = [form(text) for text in _texts(name, value)]
        query.terms.append((kind, wanted))
        query.tests.append(lambda body: any(found in wanted for at_kind, found in terms.of(body) if at_kind == kind))
    elif name in EPC_FIELDS:
        patterns = [_pattern(name, text) for text in _texts(name, value)]
        query.patterns.append(patterns)
        query.tests.append(matching.matching(EPC_FIELDS[name], patterns))
    elif name == "EQ_transformationID":
        query.transformations = [uri(text) for text in _texts(name, value)]
        query.tests.append(matching.one_of(reading(("transformationID",)), query.transformations, uri))
    elif name == "EQ_eventID":
        query.event_ids = _texts(name, value)
        query.tests.append(matching.one_of(reading(("eventID",)), query.event_ids))
    elif name in _AMONG:
        paths, form = _AMONG[name]
        query.tests.append(matching.one_of(reading(*paths), _texts(name, value), form))
    elif name == "EQ_booleanValue":
        query.tests.append(matching.one_of(reading((*_SENSED[1], "booleanValue")), [_boolean(name, value)]))
    elif name in {"EXISTS_errorDeclaration", "EXISTS_sensorElementList"}:
        if _boolean(name, value):
            query.tests.append(lambda body: what in body)
    elif comparison in {"GE", "LT"} and what in ORDERS:
        query.times[ORDERS[what]][comparison == "LT"] = _time(name, value)
    elif comparison in {"GE", "LT"} and what in _TIMES:
        query.tests.append(matching.timed(reading(*_TIMES[what]), comparison, _time(name, value)))
    elif name in {"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"}:
        _order(query, name, value)
    else:
        query.tests.append(_flexible(name, value))


def _order(query: Query, name: str, value: Any) -> None:
    if name == "orderBy":
        if value not in ORDERS:
            raise QueryParameterError(f"orderBy {str(value)[:60]!r} is not read", expected=" or ".join(ORDERS))
        query.order = ORDERS[value]
    elif name == "orderDirection":
        if value not in {"ASC", "DESC"}:
            raise QueryParameterError(f"{str(value)[:60]!r} is no orderDirection", expected="ASC or DESC")
        query.direction = value
    elif name == "eventCountLimit":
        query.first = whole(name, value, 0)
    else:
        query.most = whole(name, value, 0)


def _flexible(name: str, value: Any) -> Test:
    """Return the test of a parameter whose name depends on a unit, a type or a user's field."""
    if found := _FIGURE.fullmatch(name):
        comparison, what, unit = found.groups()
        read = matching.counted(unit) if what == "quantity" else matching.reported(what, unit)
        numbers = cast("list[Any]", value) if isinstance(value, list) else [value]
        return _any([matching.compared(read, comparison, _number(name, one)) for one in numbers])
    if found := _PARTY.fullmatch(name):
        what, kind = found.groups()
        return matching.one_of(matching.typed(f"{what}List", what, kind), _texts(name, value), uri)
    if name.startswith(("HASATTR_", "EQATTR_", "EQ_ATTR_")):
        raise NotImplementedHereError(f"{name[:80]} speaks of XML attributes, which events in JSON have not")
    if found := _OWN.fullmatch(name):
        comparison, inner, place, own = found.groups()
        read = matching.extension(own, _WITHIN[place or ""], inner=bool(inner))
        if comparison == "EXISTS":
            return lambda body: any(True for _ in read(body))
        return _own(name, comparison, read, value)
    raise QueryParameterError(f"{name[:80]!r} is no parameter of the SimpleEventQuery")


def _own(name: str, comparison: str, read: matching.Reader, value: Any) -> Test:
    try:
        number = _number(name, value)
        return matching.compared(read, comparison, number)
    except QueryParameterError:
        pass
    if comparison == "EQ":
        return matching.one_of(read, _texts(name, value))
    return matching.timed(read, comparison, _time(name, value))


def _any(tests: Sequence[Test]) -> Test:
    return lambda body: any(test(body) for test in tests)


def _texts(name: str, value: Any) -> list[str]:
    values = value.split("|") if isinstance(value, str) else value
    texts = [one for one in cast("list[Any]", values) if isinstance(one, str) and one] if isinstance(values, list) else []
    if not texts or len(texts) != len(cast("list[Any]", values)) or len(texts) > MOST_VALUES:
        raise QueryParameterError(
            f"{name[:80]} has no values that are read", expected=f"1 to {MOST_VALUES} texts, | between them"
        )
    if any("\x00" in text or not text.isprintable() for text in texts):
        raise QueryParameterError(f"{name[:80]} holds a control character", expected="plain text")
    return texts


def _pattern(name: str, text: str) -> Pattern:
    try:
        return Pattern(text)
    except InputError as error:
        raise QueryParameterError(f"{name}: {error.what}", expected=error.expected) from None


def _number(name: str, value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise QueryParameterError(f"{name[:80]} {str(value)[:60]!r} is no number")
    return number


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):  # noqa: PLR2004  # digits
        raise QueryParameterError(f"{name} {text[:60]!r} is not read", expected=f"a whole number from {least} on")
    return int(text)


def _boolean(name: str, value: Any) -> bool:
    if value not in (True, False, "true", "false"):
        raise QueryParameterError(f"{name} {str(value)[:60]!r} is not read", expected="true or false")
    return value in (True, "true")


def _time(name: str, value: Any) -> int:
    try:
        time = datetime.fromisoformat(str(value).replace(" ", "+"))  # a + that was not written %2B
        if time.tzinfo is not None:
            return microseconds(time)
    except (ValueError, OverflowError):
        pass
    raise QueryParameterError(f"{name} {str(value)[:60]!r} is no time", expected="ISO 8601 with zone")


def _parameter(name: str, schema: Schema, description: str) -> Parameter:
    return Parameter(name=name, param_in="query", schema=schema, description=description, required=False)


_TEXT = Schema(type=OpenAPIType.STRING)
_MOMENT = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
_TRUTH = Schema(type=OpenAPIType.BOOLEAN)
PAGING = [
    _parameter("perPage", Schema(type=OpenAPIType.INTEGER, minimum=1, default=30), "How many at most"),
    _parameter("nextPageToken", _TEXT, "Where the page before ended; see its header Link"),
]
PARAMETERS = [
    *(_parameter(name, _TEXT, "Values with | between them") for name in (*_TERMS, *EPC_FIELDS, *_AMONG)),
    *(_parameter(name, _TEXT, "Values with | between them") for name in ("EQ_transformationID", "EQ_eventID")),
    *(
        _parameter(f"{comparison}_{what}", _MOMENT, "ISO 8601 with zone")
        for what in (*ORDERS, "errorDeclarationTime", "time", "startTime", "endTime")
        for comparison in ("GE", "LT")
    ),
    *(_parameter(f"{name}_quantity", Schema(type=OpenAPIType.NUMBER), "Of any quantity") for name in matching.COMPARE),
    *(_parameter(name, _TRUTH, "") for name in ("EXISTS_errorDeclaration", "EXISTS_sensorElementList", "EQ_booleanValue")),
    _parameter("orderBy", Schema(type=OpenAPIType.STRING, enum=[*ORDERS]), "Order of capture where it is missing"),
    _parameter("orderDirection", Schema(type=OpenAPIType.STRING, enum=["ASC", "DESC"]), "DESC by default"),
    _parameter("eventCountLimit", Schema(type=OpenAPIType.INTEGER, minimum=0), "The first events only"),
    _parameter("maxEventCount", Schema(type=OpenAPIType.INTEGER, minimum=0), "Refuse (413) where there are more"),
]
