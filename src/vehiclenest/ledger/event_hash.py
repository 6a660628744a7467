"""The event hash id of CBV 2.0: what an event says becomes one text, whatever its spelling, and its SHA-256 names the event.

`prehash` puts the fields in the order of the reference generator, each value in its canonical form, and sorts what has no order.
`eventID`, `recordTime`, `errorDeclaration`, comments and contexts are no part of it. Where the standard and the reference vectors
leave freedom, docs/conformance.md says what is done here.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from vehiclenest.ledger.conformance import vocabulary as cbv
from vehiclenest.ledger.conformance.canonical import canonical_number, canonical_numbers, canonical_time
from vehiclenest.ledger.conformance.context import COMMENT, STANDARD, Context

_ONLY_FLOATS: Final = frozenset({float})
_Render = Callable[[Any, Context], str]


def event_hash(event: Mapping[str, Any], context: Context = STANDARD) -> str:
    """Return the event hash id of an event that conforms to EPCIS 2.0.

    Parameters
    ----------
    event
        The event as JSON says it. Its own `@context` is heeded.
    context
        What the document around it declares: the context that `check` returns with the event.

    Examples
    --------
    >>> event = {"type": "ObjectEvent", "eventTime": "2026-08-06T08:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
    ...          "epcList": ["urn:epc:id:sscc:4012345.0000000333"]}
    >>> event_hash(event) == event_hash({**event, "epcList": ["https://example.com/00/040123450000003338"]})
    True
    """
    digest = hashlib.sha256(prehash(event, context).encode("utf-8")).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def prehash(event: Mapping[str, Any], context: Context = STANDARD) -> str:
    """Return the text whose SHA-256 names the event (CBV 2.0, pre-hash string)."""
    if "@context" in event:
        context = context.within(event["@context"])
    parts = ["eventType=", context.expand(event["type"])]
    parts += [render(event[field], context) for field, render in _ORDERED.items() if field in event]
    entries = _entries({field: value for field, value in event.items() if field not in _PLACED}, context)
    entries += [render(event[field], context) for field, render in _UNORDERED.items() if field in event]
    entries.sort()
    parts += entries
    return "".join(parts)


def _object(fields: Mapping[str, Any], context: Context) -> str:
    if "@context" in fields:
        context = context.within(fields["@context"])
    entries = _entries(fields, context)
    entries.sort()
    return "".join(entries)


def _entries(fields: Mapping[str, Any], context: Context) -> list[str]:
    """Return each field as its full name and its value, a list as one entry an element; comments and null say nothing."""
    names = context.names
    if context.commented:
        fields = {field: value for field, value in fields.items() if names[field] != COMMENT}
    if fields and _ONLY_FLOATS.issuperset(map(type, fields.values())):
        numbers = canonical_numbers(list(fields.values()))
        entries = [f"{names[field]}={number}" for field, number in zip(fields, numbers, strict=True)]
    else:
        entries = _mixed_entries(fields, context)
    if context.commented and any(names[field] == COMMENT for field in fields):
        return _entries(fields, context)  # the first comment that this context met
    return entries


def _mixed_entries(fields: Mapping[str, Any], context: Context) -> list[str]:
    names, texts = context.names, context.texts
    entries: list[str] = []
    for field, value in fields.items():
        kind = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is str:
            entries.append(names[field] + texts[value])
        elif kind is float:
            entries.append(f"{names[field]}={canonical_number(value)}")
        elif kind is list:
            name = names[field]
            entries += [name + _value(element, context) for element in cast("list[Any]", value)]
        elif value is not None and field != "@context":
            entries.append(names[field] + _value(value, context))
    return entries


def _value(value: Any, context: Context) -> str:
    """Return what follows a name: `=` and a text, or the entries of an object or list; nothing for null and empty ones."""
    kind = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind is str:
        return context.texts[value]
    if kind is dict:
        return _object(value, context)
    if kind is list:
        return "".join(sorted([_value(element, context) for element in value]))
    if kind is bool:
        return "=true" if value else "=false"
    return "" if value is None else f"={canonical_number(value)}"


def _plain(name: str) -> _Render:
    def render(value: Any, context: Context) -> str:
        text = _value(value, context)
        return text and name + text

    return render


def _plain_list(name: str) -> _Render:
    """Write one value or a list of them, each under the name."""

    def render(value: Any, context: Context) -> str:
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        return "".join(sorted([name + _value(element, context) for element in values]))

    return render


def _time(name: str) -> _Render:
    return lambda value, _context: f"{name}={canonical_time(value)}"


def _word(name: str, words: Mapping[str, str]) -> _Render:
    """Write a value that may be a bare word of a vocabulary."""
    known = {word: f"{name}={full}" for word, full in words.items()}

    def render(value: Any, context: Context) -> str:
        return known.get(value) or name + context.texts[value]

    return render


def _words(name: str, words: Mapping[str, str]) -> _Render:
    render_one = _word(name, words)
    return lambda value, context: "".join(sorted([render_one(element, context) for element in value]))


def _list(name: str, render_one: _Render) -> _Render:
    """Write the elements in the order of their characters, after the list's own name; nothing for an empty list."""

    def render(value: Any, context: Context) -> str:
        return name + "".join(sorted([render_one(element, context) for element in value])) if value else ""

    return render


def _record(name: str, fields: Mapping[str, _Render]) -> _Render:
    """Write the fields in their order, then what a user added."""

    def render(value: Any, context: Context) -> str:
        if "@context" in value:
            context = context.within(value["@context"])
        text = "".join([render_field(value[field], context) for field, render_field in fields.items() if field in value])
        if len(value) > len(fields) or not value.keys() <= fields.keys():
            added = _entries({field: item for field, item in value.items() if field not in fields}, context)
            added.sort()
            text += "".join(added)
        return text and name + text

    return render


def _plain_fields(*names: str) -> dict[str, _Render]:
    return {name: _plain(name) for name in names}


def _epcs(name: str) -> _Render:
    def render(value: Any, context: Context) -> str:
        texts = context.texts
        return name + "".join(sorted(["epc" + texts[element] for element in value])) if value else ""

    return render


def _quantities(name: str) -> _Render:
    return _list(name, _record("quantityElement", _plain_fields("epcClass", "quantity", "uom")))


def _parties(name: str, words: Mapping[str, str], field: str) -> _Render:
    return _list(name, _record("", {"type": _word("type", words), field: _plain(field)}))


_METADATA: Final = _record(
    "sensorMetadata",
    {
        **{name: _time(name) for name in ("time", "startTime", "endTime")},
        **_plain_fields("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"),
    },
)
_REPORT: Final = _record(
    "sensorReport",
    {
        "type": _word("type", cbv.MEASUREMENT_TYPES),
        "exception": _word("exception", cbv.EXCEPTIONS),
        **_plain_fields("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"),
        "time": _time("time"),
        **_plain_fields("microorganism", "chemicalSubstance", "value"),
        "component": _word("component", cbv.COMPONENTS),
        **_plain_fields(
            "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank"
        ),
        **_plain_fields("percValue", "uom", "coordinateReferenceSystem"),
    },
)
_SENSOR_ELEMENT: Final = _record("sensorElement", {"sensorMetadata": _METADATA, "sensorReport": _list("", _REPORT)})

_ORDERED: Final[dict[str, _Render]] = {
    "eventTime": _time("eventTime"),
    "eventTimeZoneOffset": _plain("eventTimeZoneOffset"),
    "certificationInfo": _plain_list("certificationInfo"),
    "parentID": _plain("parentID"),
    "epcList": _epcs("epcList"),
    "inputEPCList": _epcs("inputEPCList"),
    "childEPCs": _epcs("childEPCs"),
    "quantityList": _quantities("quantityList"),
    "childQuantityList": _quantities("childQuantityList"),
    "inputQuantityList": _quantities("inputQuantityList"),
    "outputEPCList": _epcs("outputEPCList"),
    "outputQuantityList": _quantities("outputQuantityList"),
    "action": _plain("action"),
    "transformationID": _plain("transformationID"),
    "bizStep": _word("bizStep", cbv.BIZ_STEPS),
    "disposition": _word("disposition", cbv.DISPOSITIONS),
    "persistentDisposition": _record(
        "persistentDisposition", {"set": _words("set", cbv.DISPOSITIONS), "unset": _words("unset", cbv.DISPOSITIONS)}
    ),
    "readPoint": _record("readPoint", _plain_fields("id")),
    "bizLocation": _record("bizLocation", _plain_fields("id")),
    "sensorElementList": _list("sensorElementList", _SENSOR_ELEMENT),
}
# The reference vectors sort these among the fields that users add.
_UNORDERED: Final[dict[str, _Render]] = {
    "bizTransactionList": _parties("bizTransactionList", cbv.BUSINESS_TRANSACTION_TYPES, "bizTransaction"),
    "destinationList": _parties("destinationList", cbv.SOURCE_DESTINATION_TYPES, "destination"),
    "ilmd": lambda value, context: "ilmd" + _value(value, context),
    "sourceList": _parties("sourceList", cbv.SOURCE_DESTINATION_TYPES, "source"),
}
_LEFT_OUT: Final = frozenset({"@context", "type", "eventID", "recordTime", "errorDeclaration"})
_PLACED: Final = frozenset(_ORDERED) | frozenset(_UNORDERED) | _LEFT_OUT
