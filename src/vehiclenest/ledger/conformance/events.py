"""The five event types of EPCIS 2.0 and events of a user's own type: their fields, and what must stand together.

Written from the standard's model. GS1's JSON schema accepts and refuses the same but for what docs/conformance.md lists.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from vehiclenest.ledger.conformance import vocabulary as cbv
from vehiclenest.ledger.conformance.check import (
    PREFIX_RULE,
    Check,
    Fault,
    Found,
    any_field,
    boolean,
    fault,
    items,
    json_ld_context,
    number,
    place,
    record,
    shown,
    users_field,
)
from vehiclenest.ledger.conformance.context import UNKNOWN, Context
from vehiclenest.ledger.conformance.uri import is_uri
from vehiclenest.ledger.conformance.values import (
    either,
    hexadecimal,
    identity,
    instance,
    instances,
    instances_or_repeated,
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
    amount = value.get("quantity")
    if amount is None:
        return fault(_QUANTITY_RULE, "a unit without a quantity; both, or neither", "uom") if "uom" in value else None
    if amount < 0:
        return fault(_QUANTITY_RULE, f"{amount}; zero or more", "quantity")
    if "uom" not in value and amount != int(amount):
        return fault(_QUANTITY_RULE, f"{amount} without a unit; a whole number, or a uom", "quantity")
    return None


def _disposition_set(value: Any, context: Context) -> Found:
    found = _DISPOSITION_SETS(value, context)
    if not found and not value:
        return fault("EPCIS 2.0 PersistentDisposition", "neither set nor unset; at least one")
    return found


_QUANTITY_RULE: Final = "EPCIS 2.0 QuantityElement"
_QUANTITY_FIELDS: Final = record(
    _QUANTITY_RULE, {"epcClass": kind, "quantity": number(_QUANTITY_RULE), "uom": unit}, required=("epcClass",)
)
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
_SENSOR_METADATA: Final = record("EPCIS 2.0 SensorMetadata", {**_DEVICE, "startTime": time, "endTime": time}, added=users_field)
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
    added=users_field,
)
_SENSOR_ELEMENT: Final = record(
    "EPCIS 2.0 SensorElement",
    {"sensorMetadata": _SENSOR_METADATA, "sensorReport": items("EPCIS 2.0 SensorElement", _SENSOR_REPORT, least=1)},
    required=("sensorReport",),
    added=users_field,
)
_ERROR_DECLARATION: Final = record(
    "EPCIS 2.0 ErrorDeclaration",
    {
        "declarationTime": time,
        "reason": word("CBV 2.0 ER", cbv.ERROR_REASONS),
        "correctiveEventIDs": items("EPCIS 2.0 ErrorDeclaration", uri),
    },
    required=("declarationTime",),
    added=users_field,
)
_ILMD: Final = record("EPCIS 2.0 ilmd", {}, added=users_field)

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
    "childEPCs": instances_or_repeated,
    "childQuantityList": _QUANTITIES,
}
_EMPTY: Final[list[Any]] = []
_TIMES: Final = ("eventTime", "eventTimeZoneOffset")


def _given(event: Mapping[str, Any], *names: str) -> bool:
    """Tell whether one of the fields says something; what is wrong with it is its own fault."""
    return any(event.get(name, _EMPTY) != _EMPTY for name in names)


def _object_rules(event: Mapping[str, Any]) -> Found:
    rule = "EPCIS 2.0 ObjectEvent"
    faults: list[Fault] = []
    if "ilmd" in event and event.get("action") in ("OBSERVE", "DELETE"):
        faults += fault(rule, f"ilmd with the action {event['action']}; only with ADD", "ilmd")
    sensed = _given(event, "sensorElementList") and "readPoint" in event
    if "epcList" not in event and not _given(event, "quantityList") and not sensed:
        faults += fault(rule, "nothing that it happened to; an epcList, a quantityList, or a sensorElementList with a readPoint")
    return faults


def _children_rules(event: Mapping[str, Any]) -> Found:
    if event.get("action") in ("OBSERVE", "ADD") and not _given(event, "childEPCs", "childQuantityList"):
        return fault(
            f"EPCIS 2.0 {event['type']}", f"no children; the action {event['action']} needs childEPCs or a childQuantityList"
        )
    return None


def _aggregation_rules(event: Mapping[str, Any]) -> Found:
    faults = _children_rules(event) or []
    if event.get("action") in ("ADD", "DELETE") and "parentID" not in event:
        faults += fault("EPCIS 2.0 AggregationEvent", f"parentID is missing; the action {event['action']} needs it")
    return faults


def _transaction_rules(event: Mapping[str, Any]) -> Found:
    if event.get("action") in ("OBSERVE", "ADD") and "epcList" not in event and not _given(event, "quantityList"):
        return fault("EPCIS 2.0 TransactionEvent", f"no things; the action {event['action']} needs an epcList or a quantityList")
    return None


def _transformation_rules(event: Mapping[str, Any]) -> Found:
    inputs, outputs = _given(event, "inputEPCList", "inputQuantityList"), _given(event, "outputEPCList", "outputQuantityList")
    if (inputs and outputs) or ("transformationID" in event and (inputs or outputs)):
        return None
    missing = "neither inputs nor outputs" if not inputs and not outputs else "no outputs" if inputs else "no inputs"
    return fault("EPCIS 2.0 TransformationEvent", f"{missing}; both, or one side with a transformationID")


def _event(
    name: str, fields: Mapping[str, Check], required: tuple[str, ...], rules: Callable[[Mapping[str, Any]], Found]
) -> Check:
    rule = f"EPCIS 2.0 {name}"
    check_fields = record(rule, {**_COMMON, **fields}, required=(*_TIMES, *required), added=users_field)

    def check(value: Any, context: Context) -> Found:
        found, broken = check_fields(value, context), rules(value)
        return found + broken if found and broken else found or broken

    return check


_EVENTS: Final[dict[str, Check]] = {
    "ObjectEvent": _event(
        "ObjectEvent",
        {
            **_CIRCUMSTANCES,
            "action": _action,
            "epcList": instances,
            "quantityList": _QUANTITIES,
            "persistentDisposition": _disposition_set,
            "ilmd": _ILMD,
        },
        ("action",),
        _object_rules,
    ),
    "AggregationEvent": _event("AggregationEvent", {**_CIRCUMSTANCES, **_CHILDREN}, ("action",), _aggregation_rules),
    "AssociationEvent": _event("AssociationEvent", {**_CIRCUMSTANCES, **_CHILDREN}, ("action", "parentID"), _children_rules),
    "TransactionEvent": _event(
        "TransactionEvent",
        {
            **_CIRCUMSTANCES,
            "bizTransactionList": items("EPCIS 2.0 bizTransactionList", _BUSINESS_TRANSACTION, least=1),
            "action": _action,
            "parentID": instance,
            "epcList": instances_or_repeated,
            "quantityList": _QUANTITIES,
        },
        ("action", "bizTransactionList"),
        _transaction_rules,
    ),
    "TransformationEvent": _event(
        "TransformationEvent",
        {
            **_CIRCUMSTANCES,
            "inputEPCList": instances,
            "inputQuantityList": _QUANTITIES,
            "outputEPCList": instances,
            "outputQuantityList": _QUANTITIES,
            "transformationID": identity,
            "persistentDisposition": _disposition_set,
            "ilmd": _ILMD,
        },
        (),
        _transformation_rules,
    ),
}
# An event of a user's own type may hold anything; what it calls by the standard's names is what the standard says.
_OWN_EVENT: Final = record(
    "EPCIS 2.0 EPCISEvent",
    {
        **_COMMON,
        **_CIRCUMSTANCES,
        **_CHILDREN,
        **dict.fromkeys(("epcList", "inputEPCList", "outputEPCList"), instances),
        **dict.fromkeys(("quantityList", "inputQuantityList", "outputQuantityList"), _QUANTITIES),
        "transformationID": identity,
        "persistentDisposition": _disposition_set,
        "ilmd": _ILMD,
    },
    required=_TIMES,
    added=any_field,
)
_TYPE_RULE: Final = "EPCIS 2.0 event type"


def check_event(value: Any, context: Context) -> tuple[list[Fault], Context]:
    """Return the faults of an event, with pointers from the event on, and the context that holds inside it."""
    if type(value) is not dict:
        return fault("EPCIS 2.0 EPCISEvent", f"{shown(value)}; an object"), context
    event = cast("dict[str, Any]", value)
    if "@context" in event:
        context = UNKNOWN if json_ld_context(event["@context"], context) else context.within(event["@context"])
    name = event.get("type")
    check = _EVENTS.get(name) if type(name) is str else None
    if check is not None:
        return check(event, context) or [], context
    faults = _OWN_EVENT(event, context) or []
    found = _own_type(event, context)
    if found:
        place(found, "/type", faults) if "type" in event else faults.extend(found)
    return faults, context


def _own_type(event: Mapping[str, Any], context: Context) -> Found:
    if "type" not in event:
        return fault(_TYPE_RULE, f"type is missing; {', '.join(_EVENTS)}, or the URI of a user's own type")
    name = event["type"]
    if type(name) is str and is_uri(name):
        return fault(PREFIX_RULE, context.flaws[name]) if context.flaws[name] else None
    return fault(_TYPE_RULE, f"{shown(name)}; {', '.join(_EVENTS)}, or the URI of a user's own type")
