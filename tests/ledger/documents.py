"""EPCIS documents as tests build them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from vehiclenest.ledger import Event, Flow, to_epcis
from vehiclenest.ledger.entry import is_class
from vehiclenest.ledger.epcis import CONTEXT

from .conftest import history

STANDARD_CONTEXT = CONTEXT[0]
TIME = "2026-08-06T08:00:00.000Z"


def document(*events: Mapping[str, Any], context: Sequence[Any] = CONTEXT) -> bytes:
    """Return a document of events."""
    head = {"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": TIME}
    return orjson.dumps({**head, "epcisBody": {"eventList": events}})


def whole(event: Event) -> Event:
    """Return an event of ours that also names its lots in the fields of the standard, as one from outside has to."""
    fields = {name: value for name, value in event.fields.items() if name != "action" or event.type == "ObjectEvent"}
    sides = {"": Flow} if event.type == "ObjectEvent" else {"input": (Flow.CONSUMED,), "output": (Flow.PRODUCED,)}
    for side, flows in sides.items():
        lots = [flow.lot for flow in event.material if flow.lot is not None and flow.flow in flows]
        fields |= {name: found for name, found in _lists(side, lots).items() if found}
    return replace(event, fields=fields)


def _lists(side: str, lots: Iterable[str]) -> dict[str, list[Any]]:
    lots = list(lots)
    things: list[Any] = [lot for lot in lots if not is_class(lot)]
    classes: list[Any] = [{"epcClass": lot} for lot in lots if is_class(lot)]
    return {f"{side}EPCList" if side else "epcList": things, f"{side}QuantityList" if side else "quantityList": classes}


def day() -> list[Event]:
    """Return the history of the tests as events that conform to the standard."""
    return [whole(event) for event in history()]


def of(*events: Event) -> bytes:
    """Return a document of events of ours."""
    return document(*(to_epcis(whole(event)) for event in events))


def thing(serial: str | int) -> str:
    """Return a foreign identifier."""
    return f"urn:epc:id:sgtin:0614141.107346.{serial}"


def observed(*serials: str | int, **fields: Any) -> dict[str, Any]:
    """Return a foreign event that observes things."""
    head = {"type": "ObjectEvent", "action": "OBSERVE", "eventTime": TIME, "eventTimeZoneOffset": "+00:00"}
    return {**head, "epcList": [thing(serial) for serial in serials], **fields}


def transformed(inputs: Sequence[str | int], outputs: Sequence[str | int], **fields: Any) -> dict[str, Any]:
    """Return a foreign event that makes things of things."""
    event: dict[str, Any] = {"type": "TransformationEvent", "eventTime": TIME, "eventTimeZoneOffset": "+00:00", **fields}
    for name, serials in (("inputEPCList", inputs), ("outputEPCList", outputs)):
        if serials:
            event[name] = [thing(serial) for serial in serials]
    return event


def in_error(event: Mapping[str, Any], **declaration: Any) -> dict[str, Any]:
    """Return the declaration that an event was in error."""
    return {**event, "errorDeclaration": {"declarationTime": "2026-08-08T08:00:00.000Z", **declaration}}
