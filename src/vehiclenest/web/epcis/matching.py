"""Whether an event is what a query asks for: the fields that the parameters of the SimpleEventQuery (EPCIS 2.0, 8.2.7) speak of."""

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from vehiclenest.ledger.conformance import STANDARD
from vehiclenest.ledger.entry import microseconds, parts_of
from vehiclenest.web.epcis.words import Pattern, uri, word

Body = Mapping[str, Any]
Test = Callable[[Body], bool]
Reader = Callable[[Body], Iterable[Any]]

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le,
}  # fmt: skip
EPC_FIELDS: Mapping[str, tuple[str, ...]] = {
    "MATCH_epc": ("epcList", "childEPCs"),
    "MATCH_parentID": ("parentID",),
    "MATCH_inputEPC": ("inputEPCList",),
    "MATCH_outputEPC": ("outputEPCList",),
    "MATCH_anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
    "MATCH_epcClass": ("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": ("inputQuantityList",),
    "MATCH_outputEPCClass": ("outputQuantityList",),
    "MATCH_anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}
_QUANTITIES = EPC_FIELDS["MATCH_anyEPCClass"]


def at(body: Any, *names: str) -> Iterator[Any]:
    """Yield the values at a path of members; lists on the way are gone through."""
    if isinstance(body, list):
        for item in cast("list[Any]", body):
            yield from at(item, *names)
    elif not names:
        if body is not None:
            yield body
    elif isinstance(body, dict):
        yield from at(cast("dict[str, Any]", body).get(names[0]), *names[1:])


def reading(*paths: Sequence[str]) -> Reader:
    """Return what reads all values at some paths."""
    return lambda body: (value for path in paths for value in at(body, *path))


def one_of(read: Reader, values: Collection[Any], form: Callable[[str], str] = lambda text: text) -> Test:
    """Return the test that a value is among some, all in the one form."""
    wanted = {form(value) if isinstance(value, str) else value for value in values}
    return lambda body: any((form(found) if isinstance(found, str) else found) in wanted for found in read(body) if _plain(found))


def compared(read: Reader, comparison: str, value: float) -> Test:
    """Return the test that a number compares so with another."""
    compare = COMPARE[comparison]
    return lambda body: any(
        compare(found, value) for found in read(body) if isinstance(found, int | float) and not isinstance(found, bool)
    )


def timed(read: Reader, comparison: str, time: int) -> Test:
    """Return the test that a time compares so with another, in microseconds since 1970 UTC."""
    compare = COMPARE[comparison]

    def test(body: Body) -> bool:
        return any(compare(found, time) for found in map(_microseconds, read(body)) if found is not None)

    return test


def matching(fields: Sequence[str], patterns: Sequence[Pattern]) -> Test:
    """Return the test that an identifier in some fields matches a pattern."""

    def named(body: Body) -> Iterator[Any]:
        for field in fields:
            yield from at(body, field, "epcClass") if field in _QUANTITIES else at(body, field)

    return lambda body: any(
        pattern.matches(uri(found)) for found in named(body) if isinstance(found, str) for pattern in patterns
    )


def counted(unit: str | None = None) -> Reader:
    """Return what reads the quantities of an event, of one unit where it is given."""

    def read(body: Body) -> Iterator[Any]:
        for field in _QUANTITIES:
            for element in at(body, field):
                if isinstance(element, dict) and (unit is None or cast("Body", element).get("uom") == unit):
                    yield from at(element, "quantity")

    return read


def reported(name: str, unit: str | None = None) -> Reader:
    """Return what reads a figure of sensor reports, of one unit where it is given."""

    def read(body: Body) -> Iterator[Any]:
        for report in at(body, "sensorElementList", "sensorReport"):
            if isinstance(report, dict) and (unit is None or cast("Body", report).get("uom") == unit):
                yield from at(report, name)

    return read


def typed(name: str, member: str, kind: str) -> Reader:
    """Return what reads business transactions, sources or destinations of a type."""
    wanted = word(kind)

    def read(body: Body) -> Iterator[Any]:
        for element in at(body, name):
            if isinstance(element, dict) and word(str(cast("Body", element).get("type", ""))) == wanted:
                yield from at(element, member)

    return read


def extension(name: str, within: Sequence[str], *, inner: bool) -> Reader:
    """Return what reads a user's field by its name, compact as in the event or in full; `inner` at any depth below."""

    def read(body: Body) -> Iterator[Any]:
        context = STANDARD.within(list(parts_of(body["@context"]))) if "@context" in body else STANDARD
        for start in at(body, *within) if within else (body,):
            yield from _fields(start, name, context.expand, inner=inner, outermost=True)

    return read


def _fields(value: Any, name: str, expand: Callable[[str], str], *, inner: bool, outermost: bool) -> Iterator[Any]:
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _fields(item, name, expand, inner=inner, outermost=outermost)
    elif isinstance(value, dict):
        for key, member in cast("dict[str, Any]", value).items():
            if key == "@context":
                continue
            if outermost != inner and (key == name or expand(key) == name):
                yield from at(member)
            if inner:
                yield from _fields(member, name, expand, inner=True, outermost=False)


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _microseconds(value: Any) -> int | None:
    try:
        time = datetime.fromisoformat(value)
        return microseconds(time) if time.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None
