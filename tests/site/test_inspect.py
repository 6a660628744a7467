"""The verdict on a part stands in the ledger with its reasons, its unverified limits and the hashes of its evidence."""

from typing import Any

import pytest
from tests.conftest import traced

from vehiclenest.core.errors import NotFoundError
from vehiclenest.ledger import UNVERIFIED
from vehiclenest.site import Settings
from vehiclenest.site.evidence import hashes_in
from vehiclenest.site.inspect import inspected, record_inspection

from .conftest import NOW, Ran

SCAN, PAGE = "ab" * 32, "cd" * 32
FILES = [(SCAN, "application/octet-stream", "core.ply"), (PAGE, "text/html", "core.html")]


def document(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "part_id": "alternator-01a", "verdict": "remanufacture", "points": 2_000_000, "defects": [{"kind": "dent"}],
        "reasons": ["A dent, 0.40 mm deep, is to be filled."], "unverified": ["verdict.general"],
    }  # fmt: skip
    return said | changes


def test_an_event_says_the_verdict_why_and_by_what_evidence() -> None:
    event = inspected("urn:epc:id:giai:9521141.X-ALT", document(), FILES, Settings(), NOW)
    assert (event.biz_step, event.fields["disposition"]) == ("inspecting", "non_conformant")
    said = [flow.reference for flow in event.information if flow.kind == "inspection"]
    assert said == [
        "verdict remanufacture: alternator-01a, 2000000 points, 1 defects",
        "A dent, 0.40 mm deep, is to be filled.",
    ]
    assert [flow.reference for flow in event.information if flow.kind == UNVERIFIED] == ["verdict.general"]
    assert [found for flow in event.information for found in hashes_in(flow.reference)] == [SCAN, PAGE]


@pytest.mark.parametrize(
    ("outcome", "disposition"), [("reuse", "conformant"), ("recycle", "non_conformant"), ("manual", "in_progress")]
)
def test_the_disposition_follows_the_verdict(outcome: str, disposition: str) -> None:
    assert inspected("urn:x", document(verdict=outcome), FILES, Settings(), NOW).fields["disposition"] == disposition


def test_a_part_that_nobody_knows_is_booked_as_such() -> None:
    unknown = document(part_id=None, verdict="manual", defects=None)
    event = inspected("urn:x", unknown, [], Settings(), NOW)
    assert event.information[0].reference == "verdict manual: unknown part, 2000000 points, 0 defects"


def test_only_a_part_of_the_ledger_is_booked(example: Ran) -> None:
    vehicle = next(fate.reference for fate in example.result.vehicles if fate.attributes.get("powertrain") == "petrol")
    with pytest.raises(NotFoundError, match="no part NOBODY-ALT"):
        record_inspection(example.ledger, "NOBODY-ALT", document(), FILES, Settings(), NOW)
    thing = record_inspection(example.ledger, f"{vehicle}-ALT", document(), FILES, Settings(), NOW)
    assert traced(example.ledger, f"{vehicle}-ALT").lot.uri == thing
    assert SCAN.encode() in b"".join(example.ledger.bodies())
