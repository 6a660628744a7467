"""A document becomes its events, each with the context that holds inside it, or a list of faults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from vehiclenest.ledger.conformance.check import (
    MOST_FAULTS,
    UNTOLD,
    Check,
    Fault,
    any_field,
    fault,
    items,
    json_ld_context,
    place,
    pointer,
    record,
    shown,
    users_field,
)
from vehiclenest.ledger.conformance.context import STANDARD, UNKNOWN, Context
from vehiclenest.ledger.conformance.events import check_event
from vehiclenest.ledger.conformance.reading import read
from vehiclenest.ledger.conformance.values import string, time, uri, version

_DOCUMENT: Final = "EPCIS 2.0 document"


class CheckedEvent(NamedTuple):
    """An event of a document.

    Attributes
    ----------
    event
        As the document says it.
    context
        The context that holds inside it.
    pointer
        Where it stands in the document.
    faultless
        Whether nothing is wrong with it.
    """

    event: dict[str, Any]
    context: Context
    pointer: str
    faultless: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found.

    Attributes
    ----------
    events
        Every event of the document, in its order; none where it could not be read.
    faults
        What is wrong, at most 100 of them, in the order of the document's own fields and then of the events.
    total_faults
        How many there are.
    """

    events: list[CheckedEvent]
    faults: list[Fault]
    total_faults: int

    @property
    def conforms(self) -> bool:
        """Whether nothing is wrong."""
        return not self.total_faults


def check(document: bytes | str | dict[str, Any] | list[Any]) -> Checked:
    """Check an EPCIS document, a query document, one event or an array of events against EPCIS 2.0.

    Parameters
    ----------
    document
        JSON as bytes or text, or what it was parsed to.

    Examples
    --------
    >>> check(b'{"type": "ObjectEvent"').faults[0].rule
    'RFC 8259 JSON'
    """
    parsed, faults = read(document)
    return _answer([], faults) if faults else _check(parsed)


def _check(parsed: Any) -> Checked:
    if type(parsed) is list:
        return _check_alone(cast("list[Any]", parsed), lambda index: f"/{index}")
    if type(parsed) is not dict:
        return _answer([], fault(_DOCUMENT, f"{shown(parsed)}; an object, or an array of events"))
    document = cast("dict[str, Any]", parsed)
    name = document.get("type")
    if type(name) is str and name in _DOCUMENTS:
        return _check_document(document, name, [])
    if "epcisBody" in document:
        body = document["epcisBody"]
        meant = "EPCISQueryDocument" if type(body) is dict and "queryResults" in body else "EPCISDocument"
        wrong = f"{shown(name)}; {meant}" if "type" in document else f"type is missing; {meant}"
        return _check_document(document, meant, fault(_DOCUMENT, wrong, *(["type"] if "type" in document else [])))
    if "type" in document or "eventTime" in document:
        return _check_alone([document], lambda _index: "")
    return _answer([], fault(_DOCUMENT, "type is missing; EPCISDocument, EPCISQueryDocument or the type of an event"))


def _check_document(document: dict[str, Any], name: str, faults: list[Fault]) -> Checked:
    check_document, path = _DOCUMENTS[name]
    stated = document.get("@context")
    context = UNKNOWN if "@context" not in document or json_ld_context(stated, STANDARD) else STANDARD.within(stated)
    place(check_document(document, context) or [], "", faults)
    events: Any = document
    for member in path:
        events = cast("dict[str, Any]", events).get(member) if isinstance(events, dict) else None
    checked: list[CheckedEvent] = []
    at = pointer(*path)
    for index, event in enumerate(cast("list[Any]", events) if isinstance(events, list) else []):
        checked += _checked(event, context, f"{at}/{index}", faults)
    return _answer(checked, faults)


def _check_alone(events: list[Any], where: Callable[[int], str]) -> Checked:
    """Check events without a document around them: each has an `@context` of its own."""
    faults: list[Fault] = []
    checked: list[CheckedEvent] = []
    for index, event in enumerate(events):
        if type(event) is dict and "@context" not in event:
            rule = "EPCIS 2.0 event outside a document"
            place(fault(rule, "@context is missing; an event that stands alone has its own"), where(index), faults)
            checked += [one._replace(faultless=False) for one in _checked(event, UNKNOWN, where(index), faults)]
        else:
            checked += _checked(event, STANDARD, where(index), faults)
    return _answer(checked, faults)


def _checked(event: Any, outer: Context, where: str, faults: list[Fault]) -> list[CheckedEvent]:
    """Check one event, add its faults to those found so far, and return it where it is an object."""
    found, context = check_event(event, outer)
    if found:
        place(found, where, faults)
    return [CheckedEvent(event, context, where, not found)] if type(event) is dict else []


def _answer(events: list[CheckedEvent], faults: list[Fault]) -> Checked:
    return Checked(events, [one for one in faults if one is not UNTOLD][:MOST_FAULTS], len(faults))


def _anything(_value: Any, _context: Context) -> None:
    """Accept: events are checked one by one, with the context of each."""


def _array(value: Any, _context: Context) -> list[Fault] | None:
    return None if type(value) is list else fault("EPCIS 2.0 eventList", f"{shown(value)}; an array of events")


def _documents() -> dict[str, tuple[Check, tuple[str, ...]]]:
    attribute = record("EPCIS 2.0 master data attribute", {"id": uri}, required=("id",), added=any_field)
    element = record(
        "EPCIS 2.0 VocabularyElement",
        {
            "id": uri,
            "attributes": items("EPCIS 2.0 VocabularyElement", attribute),
            "children": items("EPCIS 2.0 VocabularyElement", uri),
        },
        required=("id",),
        added=any_field,
    )
    vocabulary = record(
        "EPCIS 2.0 Vocabulary",
        {"type": uri, "vocabularyElementList": items("EPCIS 2.0 Vocabulary", element)},
        required=("type",),
        added=any_field,
    )
    vocabularies = items("EPCIS 2.0 vocabularyList", vocabulary)
    master_data = record("EPCIS 2.0 epcisMasterData", {"vocabularyList": vocabularies}, added=any_field)
    header = record("EPCIS 2.0 epcisHeader", {"epcisMasterData": master_data}, added=users_field)
    common: dict[str, Check] = {
        "@context": json_ld_context,
        "type": _anything,
        "id": uri,
        "schemaVersion": version,
        "creationDate": time,
    }
    body = record("EPCIS 2.0 epcisBody", {"eventList": _array}, required=("eventList",), added=any_field)
    document = record(
        "EPCIS 2.0 EPCISDocument",
        {
            **common,
            "instanceIdentifier": string,
            "sender": string,
            "receiver": string,
            "epcisHeader": header,
            "epcisBody": body,
        },
        required=("@context", "schemaVersion", "creationDate", "epcisBody"),
        added=users_field,
    )
    results_body = record(
        "EPCIS 2.0 resultsBody",
        {"eventList": _array, "vocabularyList": vocabularies},
        required=("eventList",),
        added=users_field,
    )
    results = record(
        "EPCIS 2.0 QueryResults",
        {"queryName": string, "subscriptionID": string, "resultsBody": results_body},
        required=("queryName", "resultsBody"),
        added=users_field,
    )
    query_body = record("EPCIS 2.0 epcisBody", {"queryResults": results}, required=("queryResults",), added=users_field)
    query_document = record(
        "EPCIS 2.0 EPCISQueryDocument",
        {**common, "epcisBody": query_body},
        required=("@context", "epcisBody"),
        added=users_field,
    )
    return {
        "EPCISDocument": (document, ("epcisBody", "eventList")),
        "EPCISQueryDocument": (query_document, ("epcisBody", "queryResults", "resultsBody", "eventList")),
    }


_DOCUMENTS: Final = _documents()
