"""A document from outside is captured whole or told every reason why not; foreign events stay visible and out of balances."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.ledger import Event, Ledger, Mentioned, Outcome, Trace, capture_document, to_epcis
from vehiclenest.ledger import trace as trace_thing
from vehiclenest.ledger.balance import balance, columns_of
from vehiclenest.ledger.conformance import check
from vehiclenest.ledger.epcis import OURS
from vehiclenest.ledger.event_hash import event_hash
from vehiclenest.ledger.model import NAMESPACE

from .conftest import CAR, CAR_HULK, DOOR, SCRAP, event, give, history, take
from .documents import STANDARD_CONTEXT, day, document, observed, of, thing, transformed, whole

LEDGER_RULE = "Vehicle Nest ledger: "


def refused(ledger: Ledger, raw: bytes) -> Outcome:
    """Capture what has to be refused whole."""
    before = ledger.size()
    outcome = capture_document(ledger, raw)
    assert (outcome.accepted, outcome.stored, ledger.size()) == (0, 0, before)
    assert outcome.errors
    return outcome


def taken(ledger: Ledger, *events: dict[str, Any]) -> None:
    outcome = capture_document(ledger, document(*events))
    assert outcome.errors == ()


def bare(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in {"recordTime", "@context"}}


def bodies(ledger: Ledger) -> Iterator[dict[str, Any]]:
    return map(orjson.loads, ledger.bodies())


def test_all_documents_of_gs1_are_accepted_and_come_back_as_they_were(ledger: Ledger, data_folder: Path) -> None:
    files = sorted((data_folder / "epcis" / "gs1").glob("*.jsonld"))
    outcomes = {file.name: capture_document(ledger, file.read_bytes()) for file in files}
    assert [name for name, outcome in outcomes.items() if outcome.total_errors] == []
    given = [one for file in files for one in check(file.read_bytes()).events]
    kept = list(bodies(ledger))
    assert sum(outcome.accepted for outcome in outcomes.values()) == len(given)
    assert {event_hash(event, OURS) for event in kept} == {event_hash(one.event, one.context) for one in given}
    spelled = [bare(one.event) for one in given]
    assert all(bare(event) in spelled for event in kept)


def test_a_ledger_takes_what_another_one_exported(ledger: Ledger, tmp_path: Path) -> None:
    ledger.capture(day())
    exported = document(*bodies(ledger))
    with Ledger(f"sqlite:///{tmp_path / 'other.db'}") as other:
        assert capture_document(other, exported).stored == len(history())
        assert [bare(event) for event in bodies(other)] == [bare(event) for event in bodies(ledger)]


def test_a_refusal_tells_place_and_rule_of_every_fault_and_stores_nothing(ledger: Ledger) -> None:
    wrong = document(observed(1), observed(2, action="GLANCE"), observed(3, eventTimeZoneOffset="8"))
    outcome = refused(ledger, wrong)
    assert [fault.pointer for fault in outcome.errors] == [
        "/epcisBody/eventList/1/action",
        "/epcisBody/eventList/2/eventTimeZoneOffset",
    ]
    assert all(fault.rule and fault.message for fault in outcome.errors)
    assert outcome.total_errors == 2


def test_with_proceed_the_faultless_events_are_stored_and_the_others_told(ledger: Ledger) -> None:
    ghost = event("ObjectEvent", "shipping", 0, replace(history()[5].material[0], lot="urn:epc:id:giai:9521141.GHOST"))
    raw = document(observed(1), observed(2, action="GLANCE"), to_epcis(whole(ghost)), observed(4))
    outcome = capture_document(ledger, raw, proceed=True)
    assert (outcome.accepted, outcome.stored, outcome.total_errors) == (2, 2, 2)
    assert {fault.pointer for fault in outcome.errors} == {"/epcisBody/eventList/1/action", "/epcisBody/eventList/2"}
    assert ledger.size() == 2


def test_the_same_event_is_stored_once_however_it_is_spelled(ledger: Ledger) -> None:
    first = observed(1, bizStep="shipping")
    spelled = dict(reversed(first.items())) | {
        "eventTime": "2026-08-06T08:00:00Z",
        "bizStep": "https://ref.gs1.org/cbv/BizStep-shipping",
        "epcList": ["https://id.gs1.org/01/10614141073464/21/1"],
    }
    outcome = capture_document(ledger, document(first, first))
    assert (outcome.accepted, outcome.stored) == (2, 1)
    outcome = capture_document(ledger, document(spelled))
    assert (outcome.accepted, outcome.stored, outcome.total_errors) == (1, 0, 0)
    assert ledger.size() == 1


def test_one_id_for_different_contents_is_two_events(ledger: Ledger) -> None:
    identity = "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"
    taken(ledger, observed(1, eventID=identity), observed(2, eventID=identity))
    assert [event["epcList"] for event in bodies(ledger)] == [[thing(1)], [thing(2)]]


def under(prefix: str, event: Event) -> dict[str, Any]:
    body = to_epcis(event)
    del body["eventID"]
    return orjson.loads(orjson.dumps(body).replace(b'"vnest:', f'"{prefix}:'.encode()))


def test_our_fields_under_another_prefix_are_ours(ledger: Ledger) -> None:
    context = [STANDARD_CONTEXT, {"nest": NAMESPACE}]
    raw = document(*(under("nest", event) for event in day()), context=context)
    assert capture_document(ledger, raw).stored == len(history())
    found = trace_thing(ledger, CAR)
    assert isinstance(found, Trace)
    assert sum(output.share for output in found.outputs) == pytest.approx(1.0)
    assert found.attributes == {"category": "M1"}
    with columns_of(ledger) as columns:
        rows = balance(columns, "vehicle")["material"]
        assert (balance(columns)["total"]["received_kg"], balance(columns)["foreign_events"]) == (4000.0, 0)
    assert len(rows) == 2
    assert ledger.capture(day()).known == len(history())


def test_a_prefix_of_ours_that_names_another_space_is_foreign(ledger: Ledger) -> None:
    context = [STANDARD_CONTEXT, {"vnest": "https://ns.example.com/other/"}]
    assert capture_document(ledger, document(under("vnest", day()[5]), context=context)).stored == 1
    with columns_of(ledger) as columns:
        assert balance(columns)["foreign_events"] == 1


def test_a_foreign_event_is_traced_counted_and_left_out_of_balances(filled: Ledger) -> None:
    packed = {
        "type": "AggregationEvent", "action": "ADD", "eventTime": "2026-08-06T09:00:00Z", "eventTimeZoneOffset": "+00:00",
        "parentID": "urn:epc:id:sscc:0614141.1234567890", "childEPCs": [thing("B")],
    }  # fmt: skip
    taken(filled, transformed(["A"], ["B"]), packed)
    found = trace_thing(filled, thing("A"))
    assert isinstance(found, Mentioned)
    assert set(found.went_into) == {thing("B"), "urn:epc:id:sscc:0614141.1234567890"}
    back = trace_thing(filled, "urn:epc:id:sscc:0614141.1234567890")
    assert isinstance(back, Mentioned)
    assert set(back.made_of) == {thing("A"), thing("B")}
    with columns_of(filled) as columns:
        after = balance(columns)
    assert after["foreign_events"] == 2
    assert after["total"]["received_kg"] == 4000.0


def test_a_foreign_event_about_a_lot_of_ours_stands_in_its_trace(filled: Ledger) -> None:
    taken(filled, observed(1) | {"epcList": [DOOR], "bizStep": "inspecting"})
    found = trace_thing(filled, DOOR)
    assert isinstance(found, Trace)
    assert [record.biz_step for record in found.events][-1] == "inspecting"


def test_what_does_not_close_is_refused_at_its_event(ledger: Ledger) -> None:
    short = to_epcis(day()[4])
    short["vnest:materialFlow"][0]["vnest:massKg"]["vnest:steel"] = 721.0
    del short["eventID"]
    (fault,) = refused(ledger, document(*map(to_epcis, day()[:4]), short)).errors
    assert fault.pointer.startswith("/epcisBody/eventList/4")
    assert fault.rule.startswith(LEDGER_RULE)
    assert "difference +1.000 kg" in fault.message


def test_a_lot_that_does_not_exist_is_refused_at_its_event(ledger: Ledger) -> None:
    (fault,) = refused(ledger, of(history()[5])).errors
    assert fault.pointer == "/epcisBody/eventList/0"
    assert f"lot {DOOR} is not in the ledger" in fault.message


def test_a_cycle_of_our_lots_over_documents_is_refused(filled: Ledger) -> None:
    bale = "urn:epc:id:giai:9521141.BALE"
    lots = (history()[4].lots[0], replace(history()[2].lots[0], id=bale))
    scrap = history()[5].material[1]
    pressed = event("TransformationEvent", "packing", 30, take(CAR_HULK, steel=1.0), give(bale, steel=1.0), lots=lots[1:])
    (fault,) = refused(filled, of(pressed)).errors
    assert "holds 0.000 kg" in fault.message
    more = event(
        "ObjectEvent", "receiving", 28, replace(scrap, flow=history()[0].material[0].flow, route=None, value=None), lots=lots[:1]
    )
    forth = event("TransformationEvent", "packing", 29, take(SCRAP, steel=10.0), give(bale, steel=10.0), lots=lots[1:])
    back = event("TransformationEvent", "unpacking", 30, take(bale, steel=10.0), give(SCRAP, steel=10.0), lots=lots[:1])
    assert capture_document(filled, of(more, forth)).errors == ()
    assert f"{SCRAP} would be made out of itself" in refused(filled, of(back)).errors[0].message


STEPS = (transformed(["A"], ["B"]), transformed(["B"], ["C"]), transformed(["C"], ["A"]))
IN_PARTS = (
    transformed(["A"], [], transformationID="urn:epc:id:gdti:0614141.12345.400"),
    transformed(["B"], ["A"]),
    transformed([], ["B"], transformationID="urn:epc:id:gdti:0614141.12345.400"),
)


@pytest.mark.parametrize("steps", [STEPS, IN_PARTS], ids=["events", "parts of a transformation"])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_cycle_of_foreign_things_is_refused_in_one_document_and_over_several(
    ledger: Ledger, steps: tuple[dict[str, Any], ...], cut: int
) -> None:
    if cut:
        taken(ledger, *steps[:cut])
    (fault,) = refused(ledger, document(*steps[cut:])).errors
    assert "would be made out of itself" in fault.message
    assert fault.pointer == f"/epcisBody/eventList/{2 - cut}"


def test_a_thing_is_not_made_of_itself_but_a_quantity_may_be_reworked(ledger: Ledger) -> None:
    assert "made out of itself" in refused(ledger, document(transformed(["A"], ["A"]))).errors[0].message
    ore = [{"epcClass": "urn:epc:class:lgtin:0614141.077777.987", "quantity": 30, "uom": "KGM"}]
    taken(ledger, transformed(["A"], ["B"], inputQuantityList=ore, outputQuantityList=ore))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"type": "EPCISDocument", "type": "ObjectEvent"}', "type"),
        (document(observed(1)).replace(b"OBSERVE", b"\xff\xfe"), ""),
        (b"[" * 1_000_000, ""),
        (b"[" * 500_000 + b"]" * 500_000, ""),
        (
            document(observed(1, **{"vnest:x": 1})).replace(
                b'"vnest:x":1', b'"vnest:x":' + b'{"vnest:a":' * 5000 + b"1" + b"}" * 5000
            ),
            "",
        ),
        (document(observed(1, eventTime="2026-08-06T08:00:00")), "2026-08-06T08:00:00"),
        (b"", ""),
        (b"null", ""),
        (b"NaN", ""),
    ],
    ids=["duplicate keys", "invalid UTF-8", "brackets", "nesting", "nested event", "no zone", "empty", "null", "NaN"],
)
def test_bad_input_is_refused_with_the_reason(ledger: Ledger, raw: bytes, said: str) -> None:
    outcome = refused(ledger, raw)
    assert said in outcome.errors[0].message
    assert len(json.dumps(outcome.as_dict())) < 2000


def test_ten_thousand_errors_get_a_bounded_answer(ledger: Ledger) -> None:
    outcome = refused(ledger, document(*(observed(number, action="?") for number in range(10_000))))
    assert (len(outcome.errors), outcome.total_errors) == (100, 10_000)


def test_ten_thousand_events_that_the_book_refuses_get_a_bounded_answer(ledger: Ledger) -> None:
    outcome = refused(ledger, document(*(transformed([number], [number]) for number in range(10_000))))
    assert (len(outcome.errors), outcome.total_errors) == (100, 10_000)


def test_an_identifier_too_long_to_keep_is_refused_and_not_cut(ledger: Ledger) -> None:
    (fault,) = refused(ledger, document(observed(1) | {"epcList": ["https://example.com/" + "x" * 600]})).errors
    assert "at most 512" in fault.message


def test_it_is_all_or_nothing_also_where_the_last_event_is_known_to_be_wrong_late(ledger: Ledger) -> None:
    late = replace(history()[5], time=history()[5].time + timedelta(hours=1))
    (fault,) = refused(ledger, of(*history(), late)).errors
    assert fault.pointer == "/epcisBody/eventList/6"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8), st.integers(0, 8))
def test_whatever_is_made_of_what_in_how_many_documents_only_cycles_are_refused(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]], cut: int
) -> None:
    made_of: dict[int, set[int]] = {}

    def ancestors(number: int) -> set[int]:
        return {number}.union(*(ancestors(source) for source in made_of.get(number, ())))

    expected: list[bool] = []
    for source, product in steps:
        expected.append(product not in ancestors(source))
        if expected[-1]:
            made_of.setdefault(product, set()).add(source)
    events = [transformed([source], [product]) for source, product in steps]
    with Ledger(f"sqlite:///{tmp_path_factory.mktemp('cycles') / 'x.db'}") as ledger:
        faults: set[int] = set()
        for start, part in ((0, events[:cut]), (min(cut, len(events)), events[cut:])):
            outcome = capture_document(ledger, document(*part), proceed=True)
            faults |= {start + int(fault.pointer.rsplit("/", 1)[1]) for fault in outcome.errors}
    assert faults == {number for number, right in enumerate(expected) if not right}


def vnest(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("vnest")
    return subprocess.run([command, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_command_captures_and_answers_in_json(tmp_path: Path) -> None:
    (tmp_path / "good.jsonld").write_bytes(document(observed(1)))
    (tmp_path / "bad.jsonld").write_bytes(document(observed(1), observed(2, action="GLANCE")))
    done = vnest("capture", "good.jsonld", "--json", folder=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"accepted": 1, "stored": 1, "errors": [], "total_errors": 0})
    done = vnest("capture", "bad.jsonld", "--json", folder=tmp_path)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["accepted"], answer["stored"]) == (2, 0, 0)
    assert [sorted(error) for error in answer["errors"]] == [["message", "pointer", "rule"]]
    done = vnest("capture", "bad.jsonld", "--proceed", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == "1 events accepted, 0 of them new; 1 errors\n"
    assert done.stderr.startswith("bad.jsonld /epcisBody/eventList/1/action: ")


def test_the_command_says_what_it_cannot_read(tmp_path: Path) -> None:
    for name in ("missing.jsonld", "."):
        done = vnest("capture", name, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot be read" in done.stderr
