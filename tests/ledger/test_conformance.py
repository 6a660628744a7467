"""What a document may say and what not: GS1's own documents are taken, each mistake gives one fault at its place."""

import copy
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.ledger.conformance import MOST_FAULTS, MOST_LEVELS, STANDARD, check
from vehiclenest.ledger.conformance.check import nested, nested_faults
from vehiclenest.ledger.conformance.values import instance, instances

NO_PARTS: list[Any] = []
Change = Callable[[dict[str, Any]], object]
EVENTS = "/epcisBody/eventList/0"
GTIN, SSCC, LOT = (
    "urn:epc:id:sgtin:4012345.011111.9876",
    "urn:epc:id:sscc:4012345.0000000333",
    "urn:epc:class:lgtin:4012345.011111.L1",
)


def document(*events: dict[str, Any], context: Any = None) -> dict[str, Any]:
    declared = [{"ex": "https://ns.example.com/"}] if context is None else context
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", *declared],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-08-06T08:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def observed(**fields: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-08-06T08:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [GTIN],
        **fields,
    }


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "eventTime": "2026-08-06T08:00:00.000Z", "eventTimeZoneOffset": "+00:00", **fields}


AGGREGATION = event("AggregationEvent", action="ADD", parentID=SSCC, childEPCs=[GTIN])
ASSOCIATION = event("AssociationEvent", action="ADD", parentID=SSCC, childEPCs=[GTIN])
TRANSACTION = event("TransactionEvent", action="ADD", epcList=[GTIN], bizTransactionList=[{"bizTransaction": "urn:example:1"}])
TRANSFORMATION = event("TransformationEvent", inputEPCList=[GTIN], outputEPCList=[SSCC])
OWN = event("https://ns.example.com/Weighing")
SENSED = observed(sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 26.5, "uom": "CEL"}]}])


def fault_of(document: Any) -> tuple[str, str]:
    """Return place and rule of the one fault."""
    checked = check(orjson.dumps(document))
    assert [one.pointer for one in checked.faults] == [checked.faults[0].pointer], checked.faults
    assert checked.total_faults == 1
    return checked.faults[0].pointer, checked.faults[0].rule


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


@pytest.mark.parametrize("fields", [observed(), SENSED, AGGREGATION, ASSOCIATION, TRANSACTION, TRANSFORMATION, OWN])
def test_plain_events_of_every_type_are_taken(fields: dict[str, Any]) -> None:
    checked = check(orjson.dumps(document(fields)))
    assert (checked.conforms, checked.faults) == (True, [])
    assert [one.event for one in checked.events] == [fields]
    assert (checked.events[0].pointer, checked.events[0].faultless) == (EVENTS, True)


def test_every_document_of_gs1_is_taken_and_its_events_come_out_as_they_went_in(data_folder: Path) -> None:
    files = sorted((data_folder / "epcis/gs1").glob("*.jsonld"))
    assert len(files) == 47
    for file in files:
        checked = check(file.read_bytes())
        assert checked.faults == [], file.name
        body = json.loads(file.read_bytes())["epcisBody"]
        events = body.get("eventList") or body["queryResults"]["resultsBody"]["eventList"]
        assert [one.event for one in checked.events] == events


ONE_MISTAKE: list[tuple[dict[str, Any], str, str]] = [
    # What every event has.
    (without(observed(), "eventTime"), "", "EPCIS 2.0 ObjectEvent"),
    (without(observed(), "eventTimeZoneOffset"), "", "EPCIS 2.0 ObjectEvent"),
    (without(observed(), "action"), "", "EPCIS 2.0 ObjectEvent"),
    (without(observed(), "type"), "", "EPCIS 2.0 event type"),
    (observed(type="objectevent"), "/type", "EPCIS 2.0 event type"),
    (observed(type=5), "/type", "EPCIS 2.0 event type"),
    (observed(type="other:Weighing"), "/type", "JSON-LD 1.1 compact IRI"),
    (observed(eventTime="2026-08-06T08:00:00"), "/eventTime", "RFC 3339 date-time"),
    (observed(eventTime="2026-02-30T08:00:00Z"), "/eventTime", "RFC 3339 date-time"),
    (observed(eventTime="yesterday"), "/eventTime", "RFC 3339 date-time"),
    (observed(eventTime=1754467200), "/eventTime", "RFC 3339 date-time"),
    (observed(recordTime="2026-08-06 08:00:00Z"), "/recordTime", "RFC 3339 date-time"),
    (observed(eventTimeZoneOffset="Z"), "/eventTimeZoneOffset", "EPCIS 2.0 eventTimeZoneOffset"),
    (observed(eventTimeZoneOffset="+14:30"), "/eventTimeZoneOffset", "EPCIS 2.0 eventTimeZoneOffset"),
    (observed(eventID="no id"), "/eventID", "RFC 3986 URI"),
    (observed(certificationInfo="none"), "/certificationInfo", "RFC 3986 URI"),
    (observed(certificationInfo=["https://example.com/1", 2]), "/certificationInfo/1", "RFC 3986 URI"),
    (observed(action="APPEND"), "/action", "EPCIS 2.0 action"),
    (observed(action=["ADD"]), "/action", "EPCIS 2.0 action"),
    ({**observed(), "@context": 5}, "/@context", "JSON-LD 1.1 @context"),
    ({**observed(), "@context": ["https://example.com/c", "https://example.com/c"]}, "/@context/1", "JSON-LD 1.1 @context"),
    # Things.
    (observed(epcList=["4012345"]), "/epcList/0", "RFC 3986 URI"),
    (observed(epcList=[GTIN, None]), "/epcList/1", "RFC 3986 URI"),
    (observed(epcList=GTIN), "/epcList", "EPCIS 2.0 EPC list"),
    (observed(epcList=[GTIN, SSCC, GTIN]), "/epcList/2", "EPCIS 2.0 EPC list"),
    (observed(epcList=[LOT]), "/epcList/0", "GS1 EPC Tag Data Standard"),
    (observed(epcList=["urn:epc:id:sgtin:4012345.0111111.9876"]), "/epcList/0", "GS1 EPC Tag Data Standard"),
    (observed(epcList=["https://id.gs1.org/01/04012345111117/21/9876"]), "/epcList/0", "GS1 Digital Link"),
    (observed(epcList=["https://id.gs1.org/01/0401234511111/99/1"]), "/epcList/0", "GS1 Digital Link"),
    (observed(quantityList=[{"quantity": 5}]), "/quantityList/0", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": GTIN, "quantity": 5}]), "/quantityList/0/epcClass", "GS1 EPC Tag Data Standard"),
    (observed(quantityList=[{"epcClass": LOT, "quantity": "5"}]), "/quantityList/0/quantity", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": LOT, "quantity": True}]), "/quantityList/0/quantity", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": LOT, "quantity": -5}]), "/quantityList/0/quantity", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": LOT, "quantity": 5.5}]), "/quantityList/0/quantity", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": LOT, "quantity": 5, "uom": "kg"}]), "/quantityList/0/uom", "UN/ECE Recommendation 20 uom"),
    (observed(quantityList=[{"epcClass": LOT, "uom": "KGM"}]), "/quantityList/0/uom", "EPCIS 2.0 QuantityElement"),
    (observed(quantityList=[{"epcClass": LOT, "ex:a": 1}]), "/quantityList/0/ex:a", "EPCIS 2.0 QuantityElement"),
    (without(observed(), "epcList"), "", "EPCIS 2.0 ObjectEvent"),
    (without(observed(quantityList=[]), "epcList"), "", "EPCIS 2.0 ObjectEvent"),
    (without(SENSED, "epcList"), "", "EPCIS 2.0 ObjectEvent"),
    # Why and where.
    (observed(bizStep="shiping"), "/bizStep", "CBV 2.0 BizStep"),
    (observed(bizStep="urn:epcglobal:cbv:bizstep:shipping"), "/bizStep", "CBV 2.0 BizStep"),
    (observed(bizStep="other:weighing"), "/bizStep", "JSON-LD 1.1 compact IRI"),
    (observed(bizStep="ex:wei ghing"), "/bizStep", "CBV 2.0 BizStep"),
    (observed(disposition=None), "/disposition", "CBV 2.0 Disp"),
    (observed(persistentDisposition={}), "/persistentDisposition", "EPCIS 2.0 PersistentDisposition"),
    (observed(persistentDisposition={"set": []}), "/persistentDisposition/set", "EPCIS 2.0 PersistentDisposition"),
    (observed(persistentDisposition={"set": ["damaged", "damaged"]}), "/persistentDisposition/set/1", "EPCIS 2.0 PersistentDisposition"),
    (observed(persistentDisposition={"unset": ["ok"]}), "/persistentDisposition/unset/0", "CBV 2.0 Disp"),
    (observed(readPoint={}), "/readPoint", "EPCIS 2.0 readPoint"),
    (observed(readPoint="urn:epc:id:sgln:4012345.00011.987"), "/readPoint", "EPCIS 2.0 readPoint"),
    (observed(bizLocation={"id": "urn:epc:id:sgln:4012345.11.987"}), "/bizLocation/id", "GS1 EPC Tag Data Standard"),
    (observed(bizTransactionList=[{"type": "po"}]), "/bizTransactionList/0", "EPCIS 2.0 bizTransaction"),
    (observed(bizTransactionList=[{"type": "order", "bizTransaction": "urn:example:1"}]), "/bizTransactionList/0/type", "CBV 2.0 BTT"),
    (observed(sourceList=[{"source": "urn:example:1"}]), "/sourceList/0", "EPCIS 2.0 source"),
    (observed(sourceList=[{"type": "owner", "source": "urn:example:1"}]), "/sourceList/0/type", "CBV 2.0 SDT"),
    (observed(destinationList={}), "/destinationList", "EPCIS 2.0 destinationList"),
    # How.
    (observed(sensorElementList=[{}]), "/sensorElementList/0", "EPCIS 2.0 SensorElement"),
    (observed(sensorElementList=[{"sensorReport": []}]), "/sensorElementList/0/sensorReport", "EPCIS 2.0 SensorElement"),
    (observed(sensorElementList=[{"sensorReport": [{"value": 1}]}]), "/sensorElementList/0/sensorReport/0", "EPCIS 2.0 SensorReport"),
    # Errors declared.
    (observed(errorDeclaration={"reason": "incorrect_data"}), "/errorDeclaration", "EPCIS 2.0 ErrorDeclaration"),
    (
        observed(errorDeclaration={"declarationTime": "2026-08-06T08:00:00Z", "reason": "wrong"}),
        "/errorDeclaration/reason",
        "CBV 2.0 ER",
    ),
    (
        observed(errorDeclaration={"declarationTime": "2026-08-06T08:00:00Z", "correctiveEventIDs": ["x"]}),
        "/errorDeclaration/correctiveEventIDs/0",
        "RFC 3986 URI",
    ),
    # What belongs to one type only.
    (observed(ilmd={"ex:lot": "1"}), "/ilmd", "EPCIS 2.0 ObjectEvent"),
    (observed(action="ADD", ilmd={"lot": "1"}), "/ilmd/lot", "EPCIS 2.0 ilmd"),
    (observed(parentID=SSCC), "/parentID", "EPCIS 2.0 ObjectEvent"),
    (observed(inputEPCList=[GTIN]), "/inputEPCList", "EPCIS 2.0 ObjectEvent"),
    ({**AGGREGATION, "ilmd": {}}, "/ilmd", "EPCIS 2.0 AggregationEvent"),
    (without(AGGREGATION, "parentID"), "", "EPCIS 2.0 AggregationEvent"),
    (without(AGGREGATION, "childEPCs"), "", "EPCIS 2.0 AggregationEvent"),
    ({**AGGREGATION, "persistentDisposition": {"set": ["damaged"]}}, "/persistentDisposition", "EPCIS 2.0 AggregationEvent"),
    (without(ASSOCIATION, "parentID"), "", "EPCIS 2.0 AssociationEvent"),
    (without(ASSOCIATION, "childEPCs"), "", "EPCIS 2.0 AssociationEvent"),
    (without(TRANSACTION, "bizTransactionList"), "", "EPCIS 2.0 TransactionEvent"),
    ({**TRANSACTION, "bizTransactionList": []}, "/bizTransactionList", "EPCIS 2.0 bizTransactionList"),
    (without(TRANSACTION, "epcList"), "", "EPCIS 2.0 TransactionEvent"),
    ({**TRANSFORMATION, "action": "ADD"}, "/action", "EPCIS 2.0 TransformationEvent"),
    (without(TRANSFORMATION, "inputEPCList"), "", "EPCIS 2.0 TransformationEvent"),
    (without(TRANSFORMATION, "outputEPCList"), "", "EPCIS 2.0 TransformationEvent"),
    (without(TRANSFORMATION, "inputEPCList", "outputEPCList"), "", "EPCIS 2.0 TransformationEvent"),
    ({**OWN, "epcList": 5}, "/epcList", "EPCIS 2.0 EPC list"),
    # What users add.
    (observed(extra=1), "/extra", "EPCIS 2.0 ObjectEvent"),
    (observed(**{"other:extra": 1}), "/other:extra", "JSON-LD 1.1 compact IRI"),
    (observed(**{"ex:a b": 1}), "/ex:a b", "JSON-LD 1.1 compact IRI"),
    (observed(**{"ex:a": {"ex:b": [{"other:c/d~": 1}]}}), "/ex:a/ex:b/0/other:c~1d~0", "JSON-LD 1.1 compact IRI"),
    (observed(**{"ex:a": [{"other:b": 1}, {"other:b": 2, "other:c": {"other:b": 3}}]}), "/ex:a/0/other:b", "JSON-LD 1.1 compact IRI"),
    (observed(**{"ex:a": {"@context": 5, "other:b": 1}}), "/ex:a/@context", "JSON-LD 1.1 @context"),
    (observed(readPoint={"id": "urn:example:1", "other:x": 1}), "/readPoint/other:x", "JSON-LD 1.1 compact IRI"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pointer", "rule"), ONE_MISTAKE)
def test_one_mistake_in_an_event_is_one_fault_at_its_place(fields: dict[str, Any], pointer: str, rule: str) -> None:
    assert fault_of(document(fields)) == (EVENTS + pointer, rule)


REPORTED: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "Warmth"}, "/type", "GS1 Web Vocabulary measurement type"),
    ({"type": "https://gs1.org/voc/Temperature"}, "/type", "GS1 Web Vocabulary measurement type"),
    ({"type": "other:Warmth"}, "/type", "JSON-LD 1.1 compact IRI"),
    ({"exception": "ALARM"}, "/exception", "GS1 Web Vocabulary sensor alert type"),
    ({"value": "26"}, "/value", "EPCIS 2.0 SensorReport"),
    ({"booleanValue": "true"}, "/booleanValue", "EPCIS 2.0 SensorReport"),
    ({"hexBinaryValue": "0xF0"}, "/hexBinaryValue", "EPCIS 2.0 hexBinaryValue"),
    ({"stringValue": 5}, "/stringValue", "EPCIS 2.0 text"),
    ({"component": "upwards"}, "/component", "CBV 2.0 Comp"),
    ({"time": "2026-08-06T08:00:00"}, "/time", "RFC 3339 date-time"),
    ({"deviceID": "urn:epc:id:giai:4000001."}, "/deviceID", "GS1 EPC Tag Data Standard"),
    ({"humidity": 5}, "/humidity", "EPCIS 2.0 SensorReport"),
]


@pytest.mark.parametrize(("fields", "pointer", "rule"), REPORTED)
def test_one_mistake_in_a_sensor_report_is_one_fault_at_its_place(fields: dict[str, Any], pointer: str, rule: str) -> None:
    sensed = observed(sensorElementList=[{"sensorReport": [{"type": "Temperature"}, {"type": "Temperature", **fields}]}])
    assert fault_of(document(sensed)) == (f"{EVENTS}/sensorElementList/0/sensorReport/1{pointer}", rule)


def test_gs1s_own_use_of_an_undeclared_prefix_as_a_component_is_taken() -> None:
    sensed = observed(sensorElementList=[{"sensorReport": [{"type": "Length", "component": "other:x"}]}])
    assert check(orjson.dumps(document(sensed))).conforms


DOCUMENTS: list[tuple[Change, str, str]] = [
    (lambda it: it.pop("@context"), "", "EPCIS 2.0 EPCISDocument"),
    (lambda it: it.update({"@context": 5}), "/@context", "JSON-LD 1.1 @context"),
    (lambda it: it.update({"@context": ["no uri"]}), "/@context/0", "JSON-LD 1.1 @context"),
    (lambda it: it.pop("type"), "", "EPCIS 2.0 document"),
    (lambda it: it.update(type="EPCISdocument"), "/type", "EPCIS 2.0 document"),
    (lambda it: it.update(type=["EPCISDocument"]), "/type", "EPCIS 2.0 document"),
    (lambda it: it.pop("schemaVersion"), "", "EPCIS 2.0 EPCISDocument"),
    (lambda it: it.update(schemaVersion=2), "/schemaVersion", "EPCIS 2.0 schemaVersion"),
    (lambda it: it.update(creationDate="2026-08-06"), "/creationDate", "RFC 3339 date-time"),
    (lambda it: it.update(id="1"), "/id", "RFC 3986 URI"),
    (lambda it: it.update(sender=1), "/sender", "EPCIS 2.0 text"),
    (lambda it: it.update(comment="x"), "/comment", "EPCIS 2.0 EPCISDocument"),
    (lambda it: it.update({"other:x": 1}), "/other:x", "JSON-LD 1.1 compact IRI"),
    (lambda it: it.pop("epcisBody"), "", "EPCIS 2.0 EPCISDocument"),
    (lambda it: it.update(epcisBody=[]), "/epcisBody", "EPCIS 2.0 epcisBody"),
    (lambda it: it.update(epcisBody={}), "/epcisBody", "EPCIS 2.0 epcisBody"),
    (lambda it: it.update(epcisBody={"eventList": {}}), "/epcisBody/eventList", "EPCIS 2.0 eventList"),
    (lambda it: it["epcisBody"]["eventList"].append("an event"), "/epcisBody/eventList/1", "EPCIS 2.0 EPCISEvent"),
    (lambda it: it.update(epcisHeader={"sbdh": 1}), "/epcisHeader/sbdh", "EPCIS 2.0 epcisHeader"),
    (
        lambda it: it.update(epcisHeader={"epcisMasterData": {"vocabularyList": [{"vocabularyElementList": []}]}}),
        "/epcisHeader/epcisMasterData/vocabularyList/0",
        "EPCIS 2.0 Vocabulary",
    ),
]


@pytest.mark.parametrize(("change", "pointer", "rule"), DOCUMENTS)
def test_one_mistake_in_a_document_is_one_fault_at_its_place(change: Change, pointer: str, rule: str) -> None:
    broken = document(observed(**{"ex:a": 1}))
    change(broken)
    assert fault_of(broken) == (pointer, rule)


def test_a_query_document_is_checked_where_its_events_are() -> None:
    results: dict[str, Any] = {"queryName": "q", "resultsBody": {"eventList": [observed(), observed(action="X")]}}
    query = {**document(), "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    assert fault_of(query) == ("/epcisBody/queryResults/resultsBody/eventList/1/action", "EPCIS 2.0 action")
    assert [one.faultless for one in check(orjson.dumps(query)).events] == [True, False]
    results["resultsBody"] = {"vocabularyList": []}
    assert fault_of(query) == ("/epcisBody/queryResults/resultsBody", "EPCIS 2.0 resultsBody")


@pytest.mark.parametrize(
    ("alone", "pointer"), [(observed(), ""), ([observed(**{"@context": NO_PARTS}), observed(**{"ex:a": 1})], "/1")]
)
def test_an_event_that_stands_alone_brings_its_context(alone: Any, pointer: str) -> None:
    assert fault_of(alone) == (pointer, "EPCIS 2.0 event outside a document")


def test_events_that_stand_alone_are_taken_with_their_context() -> None:
    alone = {"@context": {"ex": "https://ns.example.com/"}, **observed(**{"ex:a": 1})}
    for given_document in (alone, [alone, alone]):
        checked = check(orjson.dumps(given_document))
        assert checked.conforms
        assert checked.events[0].context.expand("ex:a") == "https://ns.example.com/a"


@pytest.mark.parametrize("nothing", [{}, {"foo": 1}, 5, None, "EPCIS", [5]])
def test_what_is_no_document_at_all_is_one_fault(nothing: Any) -> None:
    assert fault_of(nothing)[1] in {"EPCIS 2.0 document", "EPCIS 2.0 EPCISEvent"}


def test_independent_mistakes_are_told_each() -> None:
    broken = observed(bizStep="shiping", ilmd={"ex:a": 1}, epcList=[GTIN, "x", 5], eventTimeZoneOffset="Z")
    checked = check(orjson.dumps(document(broken, observed(), {**without(AGGREGATION, "parentID", "childEPCs"), "bizStep": 3})))
    assert sorted(one.pointer.removeprefix("/epcisBody/eventList/") for one in checked.faults) == [
        "0/bizStep", "0/epcList/1", "0/epcList/2", "0/eventTimeZoneOffset", "0/ilmd", "2", "2", "2/bizStep",
    ]  # fmt: skip
    assert [one.faultless for one in checked.events] == [False, True, False]


def test_namespaces_are_declared_at_any_level() -> None:
    inner: dict[str, Any] = {"@context": {"own": "https://own.example/"}, "own:a": [{"own:b": 1, "ex:c": 2}]}
    fields = observed(**{"@context": [{"mine": "https://mine.example/"}], "mine:x": {"deep": inner}, "https://full.example/f": 1})
    assert check(orjson.dumps(document(fields))).conforms
    inner["ex:c"] = {"mine:ok": 1, "foreign:no": 1}
    assert fault_of(document(fields))[0] == f"{EVENTS}/mine:x/deep/ex:c/foreign:no"


def test_a_context_that_cannot_be_read_here_may_declare_any_prefix() -> None:
    assert check(orjson.dumps(document(observed(**{"any:x": 1}), context=["https://example.com/context.jsonld"]))).conforms


@pytest.mark.parametrize(
    "prefix", [{"ex": {"@id": "https://ns.example.com/", "@prefix": True}}, {"base": "https://b.example/", "ex": "base:x/"}]
)
def test_a_prefix_may_be_declared_as_an_object_or_with_another_prefix(prefix: dict[str, Any]) -> None:
    assert check(orjson.dumps(document(observed(**{"ex:a": 1}), context=[prefix]))).conforms


UNREADABLE: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"{", "line 1"),
    (b'{"a": 1}\n{"a": 2}', "line 2"),
    (b'{"type": "\xff"}', "UTF-8"),
    (b'{"type": "\\ud800"}', "surrogate"),
    (b'{"type": NaN}', "line 1, column 10"),
    (b'{"type": -Infinity}', "line 1, column 11"),
    (b'{"type": 1e999}', "infinity"),
    (b"[" * 1_000_000, "depth"),
    (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "depth"),
    (b"[" * 500 + b"]" * 500, "nesting"),
]


@pytest.mark.parametrize(("raw", "said"), UNREADABLE)
def test_what_is_no_json_is_refused_with_the_reason(raw: bytes, said: str) -> None:
    checked = check(raw)
    assert checked.total_faults == 1
    assert (checked.faults[0].pointer, checked.faults[0].rule) == ("", "RFC 8259 JSON")
    assert said in checked.faults[0].message
    assert checked.events == []


def test_a_name_that_stands_twice_is_refused_where_it_stands() -> None:
    raw = orjson.dumps(document(observed(**{"ex:a": {"ex:b~/": 1}})))
    for once, twice in (
        (b'"action":"OBSERVE"', b'"action":"ADD","action":"OBSERVE"'),
        (b'"ex:b~/":1', b'"ex:b~/" : 1, "ex:b~\\/":1'),
    ):
        checked = check(raw.replace(once, twice))
        where = {b'"a': "/action", b'"e': "/ex:a/ex:b~0~1"}[once[:2]]
        assert [(one.pointer, one.rule) for one in checked.faults] == [(EVENTS + where, "RFC 8259 JSON")]


def test_texts_full_of_quotes_and_colons_are_no_repeated_names() -> None:
    tricky = {"ex:a": '":"\\', "ex:b": ':"', 'ex:\\"c': ["\\\\", '"', "\u2028", "", '\\"":']}
    fields = observed(**{"ex:t": tricky})
    assert check(json.dumps(document(fields), indent=3)).conforms
    assert check(json.dumps(document(fields), ensure_ascii=False, separators=(" , ", " : "))).conforms


def test_two_ids_are_refused_but_for_a_hash_beside_an_id() -> None:
    raw = orjson.dumps(document(observed(eventID="urn:uuid:1")))
    hashed = raw.replace(b'"eventID":', b'"eventID":"ni:///sha-256;00?ver=CBV2.0","eventID":')
    assert check(hashed).conforms
    assert check(raw.replace(b'"eventID":', b'"eventID":"urn:uuid:2","eventID":')).faults[0].pointer == f"{EVENTS}/eventID"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, "\ud800"])
def test_what_json_cannot_say_is_refused_in_a_parsed_document_too(value: Any) -> None:
    checked = check(document(observed(**{"ex:a": value})))
    assert [one.rule for one in checked.faults] == ["RFC 8259 JSON"]


def test_a_parsed_document_and_a_text_are_taken_like_bytes() -> None:
    parsed = document(observed())
    for same in (parsed, json.dumps(parsed), b"\xef\xbb\xbf" + json.dumps(parsed).encode()):
        assert check(same).conforms


def test_nesting_is_taken_up_to_the_stated_depth_and_refused_beyond() -> None:
    def nest(levels: int) -> Any:
        value: Any = 1
        for level in range(levels):
            value = [value] if level % 2 else {"ex:a": value}
        return value

    assert check(orjson.dumps(document(observed(**{"ex:a": nest(MOST_LEVELS)})))).conforms
    pointer, rule = fault_of(document(observed(**{"ex:a": nest(MOST_LEVELS + 1)})))
    assert (pointer.count("/"), str(MOST_LEVELS) in rule) == (4 + MOST_LEVELS, True)


def test_ten_thousand_mistakes_are_counted_and_the_first_hundred_told() -> None:
    in_events = check(orjson.dumps(document(*[observed(action="X")] * 10_000)))
    in_one_list = check(orjson.dumps(document(observed(epcList=[5] * 10_000))))
    for checked, last in ((in_events, "/epcisBody/eventList/99/action"), (in_one_list, f"{EVENTS}/epcList/99")):
        assert (checked.total_faults, len(checked.faults), checked.faults[-1].pointer) == (10_000, MOST_FAULTS, last)
    repeated = check(b'{"a":[' + b",".join([b'{"b":1,"b":2}'] * 10_000) + b"]}")
    assert (repeated.total_faults, len(repeated.faults)) == (10_000, MOST_FAULTS)


def test_a_million_mistakes_take_little_more_memory_than_the_document() -> None:
    counted = subprocess.run(
        [sys.executable, "-c", MILLION], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert int(counted[0]) == 1_000_000
    assert int(counted[1]) < 80_000  # kB beyond what the process held before; the document is 2 MB


MILLION = """
import resource
from vehiclenest.ledger.conformance import check
def held():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
check(b"{}")
before = held()
print(check(b"[" + b"5," * 999_999 + b"5]").total_faults, held() - before)
"""


MEGABYTE: list[Any] = [
    observed(eventTime="T" * 1_000_000 + "+"),
    observed(eventTime="9" * 1_000_000),
    observed(eventID="https://example.com/?" + "?" * 1_000_000 + " "),
    observed(eventID="a" * 1_000_000),
    observed(epcList=["urn:epc:id:sgtin:" + "1." * 500_000]),
    observed(bizStep="x" * 1_000_000),
    observed(**{"@context": [{f"p{index}": "https://example.com/"} for index in range(30_000)] + [5]}),
    observed(bizTransactionList=[{"type": f"w{index}", "bizTransaction": "urn:example:1"} for index in range(20_000)]),
]


@pytest.mark.parametrize("fields", MEGABYTE)
def test_a_megabyte_of_nonsense_is_refused_in_little_time(fields: dict[str, Any]) -> None:
    raw = orjson.dumps(document(fields))
    started = time.process_time()
    assert not check(raw).conforms
    assert time.process_time() - started < 2  # seconds of the processor


NAMES = st.sampled_from(["ex:a", "ex:b", "plain", "other:x", "https://e.example/", "@context", "ex:a b", "ex:质量", "12:30"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=20,
)


@given(VALUES)
def test_the_quick_look_at_nested_fields_and_the_full_one_agree(value: Any) -> None:
    context = STANDARD.within({"ex": "https://ns.example.com/"})
    if isinstance(value, dict | list):
        assert nested(value, context) == nested_faults(value, context)


@given(
    st.lists(
        st.sampled_from([GTIN, SSCC, LOT, "https://example.com/1", "x", "urn:epc:id:sgtin:1.2.3"]) | st.integers(), max_size=5
    )
)
def test_the_quick_look_at_a_list_of_things_and_the_full_one_agree(things: list[Any]) -> None:
    found = instances(things, STANDARD)
    right = all(instance(thing, STANDARD) is None for thing in things) and len({str(thing) for thing in things}) == len(things)
    assert (found is None) == right


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_break_the_check(raw: bytes) -> None:
    checked = check(raw)
    assert checked.total_faults >= 1


def test_checking_changes_nothing() -> None:
    parsed = document(SENSED, AGGREGATION)
    before = copy.deepcopy(parsed)
    check(parsed)
    assert parsed == before
