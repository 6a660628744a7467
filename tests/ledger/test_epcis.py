"""Events as EPCIS 2.0 documents: ours are valid by GS1's schema, GS1's go through unchanged."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.ledger import Event, Ledger, to_epcis, write_document
from vehiclenest.ledger.model import EVENT_TYPES
from vehiclenest.ledger.reading import from_epcis, read_document

from .conftest import history

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def written(ledger: Ledger) -> dict[str, Any]:
    return orjson.loads(b"".join(write_document(ledger.bodies(), NOW)))


def minimal(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": "2026-08-06T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "example:note": {"example:deep": [1, "2"]},
    }


@pytest.mark.parametrize("event", history(), ids=lambda event: event.biz_step)
def test_an_event_of_ours_survives_writing_and_reading(event: Event) -> None:
    again = from_epcis(json.loads(json.dumps(to_epcis(event))))
    assert to_epcis(again) == to_epcis(event)
    assert again.material == list(event.material)
    assert again.money == list(event.money)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_all_five_event_types_go_through_with_foreign_fields_untouched(kind: str) -> None:
    assert to_epcis(from_epcis(minimal(kind)))["example:note"] == {"example:deep": [1, "2"]}
    assert from_epcis(minimal(kind)).time == datetime(2026, 8, 6, 2, tzinfo=UTC)


def test_the_id_of_an_event_follows_from_its_content_alone() -> None:
    first, second = history()[0], history()[1]
    shuffled = from_epcis(dict(reversed(to_epcis(first).items())))
    assert to_epcis(shuffled)["eventID"] == to_epcis(first)["eventID"]
    assert to_epcis(first)["eventID"] != to_epcis(second)["eventID"]


def test_documents_of_gs1_can_be_read_and_stored(ledger: Ledger, data_folder: Path) -> None:
    documents = [json.loads(path.read_text()) for path in sorted((data_folder / "epcis" / "gs1").glob("*.jsonld"))]
    events = [event for document in documents if document["type"] == "EPCISDocument" for event in read_document(document)]
    assert len(events) > 50
    captured = ledger.capture(events)
    assert captured.stored + captured.known == len(events)


def test_foreign_fields_of_gs1_documents_are_kept_to_the_letter(data_folder: Path) -> None:
    document = json.loads((data_folder / "epcis" / "gs1" / "transformation_event_all_possible_fields.jsonld").read_text())
    source = cast("dict[str, Any]", document["epcisBody"]["eventList"][0])
    kept = to_epcis(from_epcis(source))
    for name, value in source.items():
        if name not in {"eventID", "eventTime", "eventTimeZoneOffset"}:
            assert kept[name] == value


def test_a_stranger_can_sum_the_balance_from_the_document(filled: Ledger) -> None:
    sums: dict[str, float] = {}
    for event in written(filled)["epcisBody"]["eventList"]:
        for flow in event.get("vnest:materialFlow", []):
            sums[flow["vnest:flow"]] = sums.get(flow["vnest:flow"], 0.0) + sum(flow["vnest:massKg"].values())
    assert sums["received"] == 4000.0
    assert sums["shipped"] + sums["lost"] == pytest.approx(4000.0 - 220.0)


def test_an_empty_ledger_writes_an_empty_document(ledger: Ledger) -> None:
    assert written(ledger)["epcisBody"]["eventList"] == []


_FLOW: dict[str, Any] = {"vnest:flow": "teleported", "vnest:basis": "weighed", "vnest:massKg": {}}
_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"type": "DreamEvent"}, "type: 'DreamEvent' is no event type"),
    ({"eventTime": None}, "eventTime: the event has no time"),
    ({"eventTime": "2026-08-06T10:00:00"}, "eventTime: '2026-08-06T10:00:00' has no zone"),
    ({"eventTime": "yesterday"}, "is no time"),
    ({"vnest:materialFlow": [{"vnest:flow": "received"}]}, "vnest:materialFlow/0/vnest:basis"),
    (
        {"vnest:materialFlow": [{"vnest:flow": "teleported", "vnest:basis": "weighed", "vnest:massKg": {}}]},
        "vnest:materialFlow/0/vnest:flow",
    ),
    ({"vnest:energyFlow": [{"vnest:carrier": "electricity", "vnest:kWh": float("inf")}]}, "vnest:energyFlow/0/vnest:kWh"),
    (
        {"vnest:moneyFlow": [{"vnest:amount": "much", "vnest:currency": "CNY", "vnest:counterparty": "x", "vnest:purpose": "y"}]},
        "no amount",
    ),
    (
        {"vnest:moneyFlow": [{"vnest:amount": "1", "vnest:currency": "XYZ", "vnest:counterparty": "x", "vnest:purpose": "y"}]},
        "no currency",
    ),
]


@pytest.mark.parametrize(("change", "message"), _WRONG)
def test_a_wrong_event_is_refused_with_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_epcis(minimal("ObjectEvent") | change)


@pytest.mark.parametrize(
    "document", [{}, {"type": "EPCISDocument"}, {"type": "EPCISDocument", "epcisBody": []}, {"type": "EPCISQueryDocument"}]
)
def test_what_is_no_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="this is no EPCIS document"):
        read_document(document)


def test_the_event_that_is_wrong_is_named_by_its_pointer() -> None:
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": [minimal("ObjectEvent"), {"type": "Nothing"}]}}
    with pytest.raises(InputError) as caught:
        read_document(document)
    assert caught.value.where.field == "/epcisBody/eventList/1/type"
