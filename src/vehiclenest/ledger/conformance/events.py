"""The five event types of EPCIS 2.0 and events of a user's own type: their fields, and what must stand together.

Written from the standard's model. GS1's JSON schema accepts and refuses the same but for what docs/conformance.md lists.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from vehiclenest.ledger.conformance import vocabulary as cbv
from vehiclenest.ledger.conformance.check import (
    Check,
    Fault,
    Found,
    added_field,
    any_field,
    boolean,
    fault,
    items,
    json_ld_context,
    number,
    place,
    record,
    shown,
)
from vehiclenest.ledger.conformance.context import Context
from vehiclenest.ledger.conformance.values import (
    either,
    hexadecimal,
    identity,
    instance,
    kind,
    offset,
    string,
    time,
    unit,
    uri,
    word,
)

_ACTIONS: Final = ("OBSERVE", "ADD", "DELETE")


def _action(value: Any, _context: Context) -> Found:
    return None if value in _ACTIONS else fault("EPCIS 2.0 action", f"{shown(value)}; OBSERVE, ADD or DELETE")


def _quantity(value: Any, context: Context) -> Found:
    found = _QUANTITY_FIELDS(value, context)
    if found:
        return found
    rule = "EPCIS 2.0 QuantityElement"
    amount = value.get("quantity")
    if amount is None:
        return fault(rule, "a unit without a quantity; both, or neither", "uom") if "uom" in value else None
    if amount < 0:
        return fault(rule, f"{amount}; zero or more", "quantity")
    if "uom" not in value and amount != int(amount):
        return fault(rule, f"{amount} without a unit; a whole number, or a uom", "quantity")
    return None


def _disposition_set(value: Any, context: Context) -> Found:
    found = _DISPOSITION_SETS(value, context)
    if not found and not value:
        return fault("EPCIS 2.0 PersistentDisposition", "neither set nor unset; at least one")
    return found


_UNIT_RULE: Final = "EPCIS 2.0 QuantityElement"
_QUANTITY_FIELDS: Final = record(
    _UNIT_RULE, {"epcClass": kind, "quantity": number(_UNIT_RULE), "uom": unit}, required=("epcClass",)
)
_EPCS: Final = items("EPCIS 2.0 EPC list", instance, unique=True)
_CHILD_EPCS: Final = items("EPCIS 2.0 EPC list", instance)
_QUANTITIES: Final = items("EPCIS 2.0 quantity list", _quantity)
_DISPOSITION: Final = word("CBV 2.0 Disp", cbv.DISPOSITIONS)
_DISPOSITION_SETS: Final = record(
    "EPCIS 2.0 PersistentDisposition",
    {name: items("EPCIS 2.0 PersistentDisposition", _DISPOSITION, least=1, unique=True) for name in ("set", "unset")},
)
_PLACE: Final = {
    name: record(f"EPCIS 2.0 {name}", {"id": identity}, required=("id",), added=any_field)
    for name in ("readPoint", "bizLocation")
}
_BUSINESS_TRANSACTION: Final = record(
    "EPCIS 2.0 bizTransaction",
    {"type": word("CBV 2.0 BTT", cbv.BUSINESS_TRANSACTION_TYPES), "bizTransaction": identity},
    required=("bizTransaction",),
)
_PARTY_TYPE: Final = word("CBV 2.0 SDT", cbv.SOURCE_DESTINATION_TYPES)


def _parties(name: str) -> Check:
    one = record(f"EPCIS 2.0 {name}", {"type": _PARTY_TYPE, name: identity}, required=("type", name))
    return items(f"EPCIS 2.0 {name}List", one)


_DEVICE: Final[dict[str, Check]] = {
    "deviceID": identity,
    "deviceMetadata": identity,
    "rawData": identity,
    "dataProcessingMethod": identity,
    "bizRules": identity,
    "time": time,
}
_SENSOR_METADATA: Final = record(
    "EPCIS 2.0 SensorMetadata", {**_DEVICE, "startTime": time, "endTime": time}, added=added_field("EPCIS 2.0 SensorMetadata")
)
_SENSOR_NUMBER: Final = number("EPCIS 2.0 SensorReport")
_SENSOR_REPORT: Final = record(
    "EPCIS 2.0 SensorReport",
    {
        "type": word("GS1 Web Vocabulary measurement type", cbv.MEASUREMENT_TYPES, gs1=True),
        "exception": word("GS1 Web Vocabulary sensor alert type", cbv.EXCEPTIONS, gs1=True),
        **_DEVICE,
        **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), identity),
        **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _SENSOR_NUMBER),
        "component": word("CBV 2.0 Comp", cbv.COMPONENTS, prefix_needed=False),
        "stringValue": string,
        "booleanValue": boolean("EPCIS 2.0 SensorReport"),
        "hexBinaryValue": hexadecimal,
        "uom": string,
    },
    required=("type",),
    added=added_field("EPCIS 2.0 SensorReport"),
)
_SENSOR_ELEMENT: Final = record(
    "EPCIS 2.0 SensorElement",
    {"sensorMetadata": _SENSOR_METADATA, "sensorReport": items("EPCIS 2.0 SensorElement", _SENSOR_REPORT, least=1)},
    required=("sensorReport",),
    added=added_field("EPCIS 2.0 SensorElement"),
)
_ERROR_DECLARATION: Final = record(
    "EPCIS 2.0 ErrorDeclaration",
    {
        "declarationTime": time,
        "reason": word("CBV 2.0 ER", cbv.ERROR_REASONS),
        "correctiveEventIDs": items("EPCIS 2.0 ErrorDeclaration", uri),
    },
    required=("declarationTime",),
    added=added_field("EPCIS 2.0 ErrorDeclaration"),
)
_ILMD: Final = record("EPCIS 2.0 ilmd", {}, added=added_field("EPCIS 2.0 ilmd"))

_COMMON: Final[dict[str, Check]] = {
    "@context": json_ld_context,
    "type": lambda _value, _context: None,
    "eventTime": time,
    "recordTime": time,
    "eventTimeZoneOffset": offset,
    "eventID": uri,
    "certificationInfo": either(items("EPCIS 2.0 certificationInfo", uri), lambda value: type(value) is list, uri),
    "errorDeclaration": _ERROR_DECLARATION,
}
_CIRCUMSTANCES: Final[dict[str, Check]] = {
    "bizStep": word("CBV 2.0 BizStep", cbv.BIZ_STEPS),
    "disposition": _DISPOSITION,
    **_PLACE,
    "bizTransactionList": items("EPCIS 2.0 bizTransactionList", _BUSINESS_TRANSACTION),
    "sourceList": _parties("source"),
    "destinationList": _parties("destination"),
    "sensorElementList": items("EPCIS 2.0 sensorElementList", _SENSOR_ELEMENT),
}
_CHILDREN: Final[dict[str, Check]] = {
    "action": _action,
    "parentID": instance,
    "childEPCs": _CHILD_EPCS,
    "childQuantityList": _QUANTITIES,
}
_TIMES: Final = ("eventTime", "eventTimeZoneOffset")


def _any(event: Mapping[str, Any], *names: str) -> bool:
    return any(event.get(name) for name in names)


def _object_rules(event: Mapping[str, Any]) -> Found:
    rule = "EPCIS 2.0 ObjectEvent"
    if "ilmd" in event and event["action"] != "ADD":
        return fault(rule, f"ilmd with the action {event['action']}; only with ADD", "ilmd")
    if "epcList" in event or event.get("quantityList") or (event.get("sensorElementList") and "readPoint" in event):
        return None
    return fault(
        rule, "it says of nothing that it happened to; an epcList, a quantityList, or a sensorElementList with a readPoint"
    )


def _children_rules(rule: str) -> "Callable[[Mapping[str, Any]], Found]":
    def check(event: Mapping[str, Any]) -> Found:
        if "parentID" not in event and event["action"] != "OBSERVE":
            return fault(rule, f"parentID is missing; the action {event['action']} needs it")
        if event["action"] == "DELETE" or _any(event, "childEPCs", "childQuantityList"):
            return None
        return fault(rule, f"no children; the action {event['action']} needs childEPCs or a childQuantityList")

    return check


def _transaction_rules(event: Mapping[str, Any]) -> Found:
    if event["action"] == "DELETE" or "epcList" in event or event.get("quantityList"):
        return None
    return fault("EPCIS 2.0 TransactionEvent", f"no things; the action {event['action']} needs an epcList or a quantityList")


def _transformation_rules(event: Mapping[str, Any]) -> Found:
    inputs, outputs = _any(event, "inputEPCList", "inputQuantityList"), _any(event, "outputEPCList", "outputQuantityList")
    if (inputs and outputs) or ("transformationID" in event and (inputs or outputs)):
        return None
    missing = "neither inputs nor outputs" if not inputs and not outputs else "no outputs" if inputs else "no inputs"
    return fault("EPCIS 2.0 TransformationEvent", f"{missing}; both, or one side with a transformationID")


def _event(
    name: str, fields: Mapping[str, Check], required: tuple[str, ...], rules: "Callable[[Mapping[str, Any]], Found]"
) -> Check:
    rule = f"EPCIS 2.0 {name}"
    check_fields = record(rule, {**_COMMON, **fields}, required=(*_TIMES, *required), added=added_field(rule))

    def check(value: Any, context: Context) -> Found:
        return check_fields(value, context) or rules(value)

    return check


_EVENTS: Final[dict[str, Check]] = {
    "ObjectEvent": _event(
        "ObjectEvent",
        {
            **_CIRCUMSTANCES,
            "action": _action,
            "epcList": _EPCS,
            "quantityList": _QUANTITIES,
            "persistentDisposition": _disposition_set,
            "ilmd": _ILMD,
        },
        ("action",),
        _object_rules,
    ),
    "AggregationEvent": _event(
        "AggregationEvent", {**_CIRCUMSTANCES, **_CHILDREN}, ("action",), _children_rules("EPCIS 2.0 AggregationEvent")
    ),
    "AssociationEvent": _event(
        "AssociationEvent", {**_CIRCUMSTANCES, **_CHILDREN}, ("action", "parentID"), _children_rules("EPCIS 2.0 AssociationEvent")
    ),
    "TransactionEvent": _event(
        "TransactionEvent",
        {
            **_CIRCUMSTANCES,
            "bizTransactionList": items("EPCIS 2.0 bizTransactionList", _BUSINESS_TRANSACTION, least=1),
            "action": _action,
            "parentID": instance,
            "epcList": _CHILD_EPCS,
            "quantityList": _QUANTITIES,
        },
        ("action", "bizTransactionList"),
        _transaction_rules,
    ),
    "TransformationEvent": _event(
        "TransformationEvent",
        {
            **_CIRCUMSTANCES,
            "inputEPCList": _EPCS,
            "inputQuantityList": _QUANTITIES,
            "outputEPCList": _EPCS,
            "outputQuantityList": _QUANTITIES,
            "transformationID": identity,
            "persistentDisposition": _disposition_set,
            "ilmd": _ILMD,
        },
        (),
        _transformation_rules,
    ),
}
_OWN_EVENT: Final = record("EPCIS 2.0 EPCISEvent", _COMMON, required=_TIMES, added=any_field)
_TYPE_RULE: Final = "EPCIS 2.0 event type"


def check_event(value: Any, context: Context) -> tuple[list[Fault], Context]:
    """Return the faults of an event, with pointers from the event on, and the context that holds inside it."""
    if type(value) is not dict:
        return fault("EPCIS 2.0 EPCISEvent", f"{shown(value)}; an object"), context
    event = cast("dict[str, Any]", value)
    if "@context" in event and not json_ld_context(event["@context"], context):
        context = context.within(event["@context"])
    name = event.get("type")
    check = _EVENTS.get(name) if type(name) is str else None
    if check is not None:
        return check(event, context) or [], context
    faults = _OWN_EVENT(event, context) or []
    found = _own_type(event, context)
    if found:
        place(found, "type", faults) if "type" in event else faults.extend(found)
    return faults, context


def _own_type(event: Mapping[str, Any], context: Context) -> Found:
    if "type" not in event:
        return fault(_TYPE_RULE, f"type is missing; {', '.join(_EVENTS)}, or the URI of a user's own type")
    name = event["type"]
    if type(name) is not str:
        return fault(_TYPE_RULE, f"{shown(name)}; a text")
    flaw = context.flaws[name]
    return fault(_TYPE_RULE, f"{shown(name)}: {flaw}; {', '.join(_EVENTS)}, or the URI of a user's own type") if flaw else None
