"""Event hash ids: equal to the reference vectors, and to themselves however an event is written; different where it says other things."""

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehiclenest.core.identifiers import Epc
from vehiclenest.core.identifiers.canonical import canonical_link
from vehiclenest.ledger.conformance import STANDARD, check
from vehiclenest.ledger.conformance.canonical import canonical_number, canonical_numbers, canonical_text, canonical_time
from vehiclenest.ledger.event_hash import event_hash, prehash

VECTORS = (
    "ReferenceEventHashAlgorithm", "ReferenceEventHashAlgorithm2", "ReferenceEventHashAlgorithm3", "epcisDocWithAllGS1Keys",
    "epcisDocWithSensorComponent", "epcisDocWithSingleEvent", "epcisDocWithVariousEventTypes", "epcisEventWithCURIEs",
)  # fmt: skip
DAMAGED = "epcisDocWithAllGS1Keys"  # its prehashes do not belong to its hashes in our copy
EX = STANDARD.within({"ex": "https://ns.example.com/"})
EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-08-06T08:00:00.000Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "bizStep": "receiving",
    "epcList": ["urn:epc:id:sscc:4012345.0000000333", "urn:epc:id:giai:4012345.CAR"],
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987", "ex:gate": "3"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:2"}, {"bizTransaction": "urn:example:1"}],
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.011111.L1", "quantity": 2.5, "uom": "KGM"}],
    "ilmd": {"ex:born": "2026-08-06", "cbvmda:lotNumber": "L1"},
    "ex:flows": [
        {"ex:kg": 5.0, "ex:lot": "urn:epc:id:giai:4012345.CAR"},
        {"ex:kg": 1e-7, "ex:of": {"ex:a": True, "ex:b": [1, "2"]}},
    ],
}


@pytest.mark.parametrize("name", VECTORS)
def test_hashes_are_those_of_the_reference_vectors(name: str, data_folder: Path) -> None:
    folder = data_folder / "epcis/hash"
    checked = check((folder / f"{name}.jsonld").read_bytes())
    assert checked.conforms
    assert [event_hash(one.event, one.context) for one in checked.events] == (folder / f"{name}.hashes").read_text().split()
    if name != DAMAGED:
        said = (folder / f"{name}.prehashes").read_text().strip().split("\n")
        assert [prehash(one.event, one.context) for one in checked.events] == said


def shuffled(value: Any, order: random.Random) -> Any:
    """Return the same fields, and lists that have no order, in another order."""
    if isinstance(value, dict):
        fields = [*cast("dict[str, Any]", value).items()]
        return {name: shuffled(field, order) for name, field in order.sample(fields, len(fields))}
    if isinstance(value, list):
        elements = [shuffled(element, order) for element in cast("list[Any]", value)]
        return order.sample(elements, len(elements))
    return value


@given(st.randoms(use_true_random=False))
def test_the_order_of_fields_and_of_lists_does_not_matter(order: random.Random) -> None:
    assert prehash(shuffled(EVENT, order), EX) == prehash(EVENT, EX)


def same(**fields: Any) -> bool:
    return event_hash({**EVENT, **fields}, EX) == event_hash(EVENT, EX)


def test_ids_and_what_is_said_about_the_event_are_no_part_of_it() -> None:
    declared = {"declarationTime": "2026-08-07T08:00:00Z", "reason": "incorrect_data"}
    assert same(eventID="urn:uuid:1", recordTime="2026-08-07T08:00:00Z", errorDeclaration=declared)
    assert same(**{"rdfs:comment": "of no matter", "@context": {"unused": "https://unused.example/"}})
    assert same(**{"ex:flows": [{**EVENT["ex:flows"][0], "rdfs:comment": "x", "ex:none": None}, EVENT["ex:flows"][1]]})


def test_a_comment_is_left_out_whatever_was_hashed_before() -> None:
    fresh = STANDARD.within({"ex": "https://fresh.example/"})
    said = {**EVENT, "ex:a": {"rdfs:commentary": "stays", "ex:kg": 1.0}}
    before = prehash(said, fresh)
    assert prehash({**said, "rdfs:comment": "goes"}, fresh) == prehash(said, fresh) == before
    assert prehash({**said, "ex:a": {**said["ex:a"], "rdfs:comment": {"ex:b": 2.0}}}, fresh) == before
    assert "stays" in before


@pytest.mark.parametrize(
    "fields",
    [
        {"eventTime": "2026-08-06T10:00:00+02:00"},
        {"eventTime": "2026-08-06T08:00:00Z"},
        {"eventTime": "2026-08-06T08:00:00.00049Z"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"},
        {"bizStep": "cbv:BizStep-receiving"},
        {"bizStep": "urn:epcglobal:cbv:bizstep:receiving"},
        {"epcList": ["https://example.com/x/8004/4012345CAR", "https://id.gs1.org/00/040123450000003338?a=b"]},
        {"readPoint": {"id": "https://example.org/414/4012345000115/254/987", "https://ns.example.com/gate": " 3.0 "}},
        {"quantityList": [{"epcClass": "https://id.gs1.org/01/04012345111118/10/L1", "quantity": 2.50, "uom": "KGM"}]},
        {"ilmd": {"https://ns.example.com/born": "2026-08-06", "urn:epcglobal:cbv:mda:lotNumber": "L1"}},
        {"ilmd": {"@context": {"own": "https://ns.example.com/"}, "own:born": "2026-08-06", "cbvmda:lotNumber": "L1"}},
        {"ilmd": {"@context": {"born": "https://ns.example.com/born"}, "born": "2026-08-06", "cbvmda:lotNumber": "L1"}},
        {"ilmd": {"@context": {"@vocab": "https://ns.example.com/"}, "born": "2026-08-06", "cbvmda:lotNumber": "L1"}},
    ],
)
def test_another_spelling_of_the_same_is_the_same(fields: dict[str, Any]) -> None:
    assert same(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"eventTime": "2026-08-06T08:00:00.0005Z"},
        {"eventTimeZoneOffset": "+01:00"},
        {"bizStep": "https://other.example/BizStep-receiving"},
        {"epcList": EVENT["epcList"][:1]},
        {"readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"}},
        {"readPoint": {**EVENT["readPoint"], "other:gate": "3"}},
        {"bizTransactionList": [{"type": "inv", "bizTransaction": "urn:example:2"}, {"bizTransaction": "urn:example:1"}]},
        {"certificationInfo": ["https://example.com/certificate"]},
        {"ilmd": {"ex:born": "2026-08-07", "cbvmda:lotNumber": "L1"}},
        {"ex:flows": EVENT["ex:flows"][:1]},
        {"ex:flows": [EVENT["ex:flows"][0], {"ex:kg": 1.1e-7, "ex:of": {"ex:a": True, "ex:b": [1, "2"]}}]},
        {"ex:flows": [EVENT["ex:flows"][0], {"ex:kg": 1e-7, "ex:of": {"ex:a": False, "ex:b": [1, "2"]}}]},
        {"ex:flows": [EVENT["ex:flows"][0], {"ex:kg": 1e-7, "ex:of": {"ex:a": True, "ex:b": [1, "3"]}}]},
    ],
)
def test_what_is_said_otherwise_is_another_event(fields: dict[str, Any]) -> None:
    assert not same(**fields)


@pytest.mark.parametrize("missing", ["bizStep", "quantityList", "ilmd", "ex:flows", "bizTransactionList"])
def test_what_is_left_out_makes_another_event(missing: str) -> None:
    assert event_hash({name: value for name, value in EVENT.items() if name != missing}, EX) != event_hash(EVENT, EX)


def test_an_own_type_and_an_own_sensor_type_are_written_in_full() -> None:
    report: dict[str, Any] = {"type": "ex:Warmth", "bizRules": "https://example.com/rules", "booleanValue": True, "value": -0.0}
    elements: list[dict[str, Any]] = [{"sensorReport": [report]}, {"sensorMetadata": {}, "sensorReport": [report]}]
    text = prehash({**EVENT, "type": "ex:Weighing", "sensorElementList": elements}, EX)
    assert text.startswith("eventType=https://ns.example.com/WeighingeventTime=")
    once = "sensorElementsensorReporttype=https://ns.example.com/WarmthbizRules=https://example.com/rulesvalue=0booleanValue=true"
    assert f"sensorElementList{once}{once}" in text


def test_an_empty_list_says_nothing_and_lists_within_lists_are_written_out() -> None:
    assert prehash({**EVENT, "sourceList": [], "sensorElementList": [], "ex:none": []}, EX) == prehash(EVENT, EX)
    assert prehash({**EVENT, "ex:o": {}}, EX).endswith("{https://ns.example.com/}o")
    assert prehash({**EVENT, "ex:list": [[2, 1], []]}, EX).endswith(
        "{https://ns.example.com/}list{https://ns.example.com/}list=1=2"
    )


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("007", "7"), ("1.50", "1.5"), ("+5", "5"), ("-0.0", "0"), ("1e3", "1000"), (".5", "0.5"), ("5.", "5"), (" 3 ", "3"), ("", ""),
        ("-", "-"), ("1_000", "1_000"), ("NaN", "NaN"), ("inf", "inf"),
        ("1e400", "1" + "0" * 400), ("1e401", "1e401"), ("1e-401", "1e-401"), ("1e23", "1" + "0" * 23),
        ("122070312499999999999999999.950", "122070312499999999999999999.95"), ("2026-08-06", "2026-08-06"), ("１２", "１２"),
        ("111100001111000011110000", "111100001111000011110000"), ("0012345678901234567890.500", "12345678901234567890.5"),
        ("0000000000000000000000", "0"), ("0.00000010000000000", "1e-07"), ("1E-7", "1e-07"), ("0e500", "0"),
        ("1" + "0" * 500, "1" + "0" * 500),
    ],
)  # fmt: skip
def test_numbers_lose_padding_and_nothing_else(text: str, canonical: str) -> None:
    assert canonical_text(text, STANDARD.expand) == canonical


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_decimals_keep_their_value_but_for_what_a_double_rounds(number: Decimal) -> None:
    canonical = canonical_text(str(number), STANDARD.expand)
    assert float(canonical) == pytest.approx(float(number), rel=1e-15, abs=0)
    assert canonical_text(canonical, STANDARD.expand) == canonical


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_many_numbers_are_written_as_each_is_alone(numbers: list[float]) -> None:
    assert canonical_numbers(numbers) == [canonical_number(number) for number in numbers]
    assert [float(text) for text in canonical_numbers(numbers)] == numbers


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2022-02-16T20:33:31.116000-06:00", "2022-02-17T02:33:31.116Z"),
        ("2023-01-18T11:04:03.1415Z", "2023-01-18T11:04:03.142Z"),
        ("2023-12-31T23:59:59.9995Z", "2024-01-01T00:00:00.000Z"),
        ("2023-01-18T11:04:03.14149999Z", "2023-01-18T11:04:03.141Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_are_utc_to_the_millisecond(text: str, canonical: str) -> None:
    assert canonical_time(text) == canonical


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://example.com/gtin/4012345111118/ser/9876", "https://id.gs1.org/01/04012345111118/21/9876"),
        ("http://example.com/a/b/01/4012345111118/22/V/10/L1/", "https://id.gs1.org/01/04012345111118/10/L1"),
        ("https://id.gs1.org/01/04012345111118/22/V", "https://id.gs1.org/01/04012345111118"),
        ("https://id.gs1.org/8006/040123451234560102/21/a%2Fb#x", "https://id.gs1.org/8006/040123451234560102/21/a%2Fb"),
        ("urn:epc:id:sgtin:4012345.011111.a%2Fb'=;", "https://id.gs1.org/01/04012345111118/21/a%2Fb'=;"),
        ("urn:epc:idpat:upui:4012345.012345.*", "https://id.gs1.org/01/04012345123456"),
        ("urn:epc:id:giai:4012345.a%2Fb", "https://id.gs1.org/8004/4012345a%2Fb"),
        ("https://id.gs1.org/01/04012345111118/17/261231", None),
        ("https://id.gs1.org/01/04012345111118/21/1/21/2", None),
        ("https://id.gs1.org/00/1234", None),
        ("https://example.com/taxonomy/1126011", None),
        ("urn:epc:id:sgtin:4012345.0111111.1", None),
        ("urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52", None),
        ("geo:50.9,6.9", None),
    ],
)
def test_gs1_identities_have_one_link(text: str, link: str | None) -> None:
    assert canonical_link(text) == link


@given(st.text(alphabet="AZaz09-_.!'();=%&/+,:*?<>\"", min_size=1, max_size=20), st.sampled_from(["sgtin", "giai", "lgtin"]))
def test_a_urn_and_the_link_of_the_same_key_are_one(serial: str, scheme: str) -> None:
    epc = Epc("giai", "4012345", serial) if scheme == "giai" else Epc(scheme, "4012345", "011111", serial)
    assert canonical_link(epc.urn()) == canonical_link(epc.digital_link("https://example.com/shop")) is not None


def test_every_event_that_conforms_has_a_hash(data_folder: Path) -> None:
    for file in sorted((data_folder / "epcis/gs1").glob("*.jsonld")):
        checked = check(file.read_bytes())
        for one in checked.events:
            again = check(json.dumps(one.event | {"@context": json.loads(file.read_bytes())["@context"]})).events[0]
            assert event_hash(again.event, again.context) == event_hash(one.event, one.context)


def test_gs1s_documents_reuse_ids_for_other_events_and_hashes_tell_them_apart(data_folder: Path) -> None:
    hashes: dict[str, set[str]] = {}
    for file in sorted((data_folder / "epcis/gs1").glob("*.jsonld")):
        for one in check(file.read_bytes()).events:
            hashes.setdefault(str(one.event.get("eventID")), set()).add(event_hash(one.event, one.context))
    assert sum(len(found) > 1 for name, found in hashes.items() if name != "None") >= 3
