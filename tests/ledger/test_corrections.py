"""Corrections are error declarations with corrective events: figures follow, and the past stays readable as it was known."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import NotFoundError
from vehiclenest.ledger import Event, Ledger, Mentioned, Outcome, Trace, capture_document, to_epcis
from vehiclenest.ledger import trace as trace_thing
from vehiclenest.ledger.balance import balance, columns_of, largest_closure_error, largest_lot_error, vehicle_fates

from .conftest import CAR, CAR_HULK, DOOR, SCRAP, VAN, event, give, take
from .documents import day, document, in_error, observed, thing, transformed, whole

MONDAY = datetime(2026, 8, 10, 12, tzinfo=UTC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """The history, captured on Monday."""
    ledger.capture(day(), MONDAY)
    return ledger


def correct(ledger: Ledger, *events: dict[str, Any], at: datetime = WEDNESDAY) -> Outcome:
    return capture_document(ledger, document(*events), recorded=at)


def declared(event: Event, **declaration: Any) -> dict[str, Any]:
    return in_error(to_epcis(event), **declaration)


def shipped_lighter() -> Event:
    """The shipment again, with a door that was not shipped after all."""
    shipment = day()[5]
    return whole(replace(shipment, material=shipment.material[1:]))


def ends(ledger: Ledger, identifier: str, as_of: datetime | None = None) -> dict[tuple[str, str | None], float]:
    found = trace_thing(ledger, identifier, as_of)
    assert isinstance(found, Trace)
    return {(output.end, output.lot.uri if output.lot else None): output.share for output in found.outputs}


def total(ledger: Ledger, as_of: datetime | None = None) -> dict[str, float]:
    with columns_of(ledger, as_of) as columns:
        return balance(columns)["total"]


def test_balance_and_trace_follow_a_correction(known: Ledger) -> None:
    outcome = correct(known, declared(day()[5], reason="incorrect_data"), to_epcis(shipped_lighter()))
    assert (outcome.stored, outcome.errors) == (2, ())
    assert ("stock", DOOR) in ends(known, CAR)
    assert ("reuse", DOOR) not in ends(known, CAR)
    assert total(known)["shipped_kg"] == 3344.0
    assert total(known)["stock_kg"] == pytest.approx(320.0)
    with columns_of(known) as columns:
        car, _ = vehicle_fates(columns)
        assert float(car.value) == pytest.approx(0.25 * (5000 - 50))
        assert (largest_closure_error(columns), largest_lot_error(columns)) < (1e-12, 1e-12)


def test_a_declaration_alone_takes_the_event_back(known: Ledger) -> None:
    assert correct(known, declared(day()[5])).stored == 1
    assert total(known)["shipped_kg"] == 0.0
    assert ends(known, DOOR) == {("stock", DOOR): 1.0}
    with columns_of(known) as columns:
        assert balance(columns)["money"] == [{"purpose": "purchase", "amount": "-3500.50", "currency": "CNY"}]


def test_the_past_is_read_as_it_was_known(known: Ledger) -> None:
    before = ends(known, CAR), total(known), list(known.bodies())
    correct(known, declared(day()[5]), to_epcis(shipped_lighter()))
    as_known = ends(known, CAR, TUESDAY), total(known, TUESDAY), list(known.bodies(as_of=TUESDAY))
    assert as_known == before
    assert ends(known, CAR, WEDNESDAY) == ends(known, CAR) != before[0]
    assert total(known, WEDNESDAY) == total(known) != before[1]
    assert len(list(known.bodies(as_of=WEDNESDAY))) == len(day()) + 2


def test_before_anything_was_captured_nothing_was_known(known: Ledger) -> None:
    sunday = MONDAY - timedelta(days=1)
    assert list(known.bodies(as_of=sunday)) == []
    assert total(known, sunday)["received_kg"] == 0.0
    with pytest.raises(NotFoundError, match="nothing in the ledger is called"):
        trace_thing(known, CAR, sunday)


def test_what_holds_now_can_be_read_alone(known: Ledger) -> None:
    correct(known, declared(day()[5]), to_epcis(shipped_lighter()))
    held = [orjson.loads(body) for body in known.bodies(in_force_only=True)]
    assert len(held) == len(day())
    assert not any("errorDeclaration" in event for event in held)
    assert held[-1]["eventID"] == to_epcis(shipped_lighter())["eventID"]
    assert len(list(known.bodies(as_of=TUESDAY, in_force_only=True))) == len(day())


def test_taking_back_what_later_events_used_is_refused_with_the_lot(known: Ledger) -> None:
    before = total(known)
    outcome = correct(known, declared(day()[2]))
    assert (outcome.accepted, outcome.stored, known.size()) == (0, 0, len(day()))
    assert {fault.pointer for fault in outcome.errors} == {"/epcisBody/eventList/0"}
    said = " ".join(fault.message for fault in outcome.errors)
    assert f"without the event in error {DOOR} would hold -100.000 kg" in said
    assert f"without the event in error {CAR_HULK} would hold -900.000 kg" in said
    assert "corrective events in the same capture" in said
    assert total(known) == before
    assert capture_document(known, document(declared(day()[2])), proceed=True).stored == 0


def test_a_correction_that_gives_later_events_too_little_is_refused(known: Ledger) -> None:
    lighter = whole(
        replace(day()[2], material=[take(CAR, steel=800.0, plastic=200.0), give(DOOR, steel=70.0, plastic=20.0),
                                    give(CAR_HULK, steel=730.0, plastic=180.0)])
    )  # fmt: skip
    outcome = correct(known, declared(day()[2]), to_epcis(lighter))
    assert outcome.stored == 0
    assert f"{DOOR} would hold -10.000 kg" in outcome.errors[0].message


def test_a_corrective_event_may_describe_its_lot_anew(known: Ledger) -> None:
    renamed = whole(replace(day()[0], lots=(replace(day()[0].lots[0], name="2011 CAR", attributes={"category": "N1"}),)))
    assert correct(known, declared(day()[0]), to_epcis(renamed)).errors == ()
    found, earlier = trace_thing(known, CAR), trace_thing(known, CAR, TUESDAY)
    assert isinstance(found, Trace)
    assert isinstance(earlier, Trace)
    assert (found.lot.name, found.attributes) == ("2011 CAR", {"category": "N1"})
    assert (earlier.lot.name, earlier.attributes) == ("2010 CAR", {"category": "M1"})
    assert found.mass_kg == 1000.0
    with columns_of(known) as columns:
        assert {fate.name: fate.mass_kg for fate in vehicle_fates(columns)} == {"2011 CAR": 1000.0, "2012 VAN": 3000.0}
    with columns_of(known, TUESDAY) as columns:
        assert {fate.name for fate in vehicle_fates(columns)} == {"2010 CAR", "2012 VAN"}


def test_a_corrected_thing_still_is_received_once(known: Ledger) -> None:
    correct(known, declared(day()[0]), to_epcis(whole(replace(day()[0], time=day()[0].time + timedelta(minutes=5)))))
    outcome = correct(known, to_epcis(whole(replace(day()[0], time=day()[0].time + timedelta(minutes=6)))))
    assert "is in the ledger already" in outcome.errors[0].message


def test_a_chain_is_corrected_from_its_end(known: Ledger) -> None:
    back = [declared(event) for event in reversed(day())]
    assert correct(known, *back).errors == ()
    assert set(total(known).values()) == {0.0}
    later = whole(replace(day()[0], time=day()[0].time + timedelta(minutes=5)))
    assert correct(known, to_epcis(later)).errors == ()
    assert total(known)["received_kg"] == 1000.0


def test_an_event_in_error_may_stand_in_the_same_document(ledger: Ledger) -> None:
    car = to_epcis(day()[0])
    assert correct(ledger, car, in_error(car)).stored == 2
    assert total(ledger)["received_kg"] == 0.0
    assert ledger.size() == 2


def test_to_declare_an_unknown_event_of_ours_is_refused(known: Ledger) -> None:
    never = whole(event("ObjectEvent", "shipping", 50, replace(day()[5].material[1])))
    (fault,) = correct(known, declared(never)).errors
    assert fault.pointer == "/epcisBody/eventList/0"
    assert "is not in the ledger" in fault.message


def test_to_declare_an_unknown_foreign_event_is_stored(ledger: Ledger) -> None:
    assert correct(ledger, in_error(observed(1))).stored == 1
    assert total(ledger)["received_kg"] == 0.0


def test_a_foreign_transformation_in_error_is_traced_no_more(ledger: Ledger) -> None:
    made = transformed(["A"], ["B"])
    assert correct(ledger, made, at=MONDAY).stored == 1
    assert correct(ledger, in_error(made)).stored == 1
    found, earlier = trace_thing(ledger, thing("A")), trace_thing(ledger, thing("A"), TUESDAY)
    assert isinstance(found, Mentioned)
    assert isinstance(earlier, Mentioned)
    assert (found.went_into, earlier.went_into) == ((), (thing("B"),))
    assert correct(ledger, transformed(["B"], ["A"])).errors == ()  # which the event in error forbade


def test_an_event_is_found_by_its_id_where_the_declaration_says_it_otherwise(ledger: Ledger) -> None:
    identity = "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"
    made = transformed(["A"], ["B"], eventID=identity)
    correct(ledger, made)
    correct(ledger, in_error(transformed(["A"], ["C"], eventID=identity)))
    found = trace_thing(ledger, thing("A"))
    assert isinstance(found, Mentioned)
    assert found.went_into == ()


def test_the_same_declaration_twice_is_one_and_another_one_changes_nothing(known: Ledger) -> None:
    first = declared(day()[5], reason="incorrect_data")
    assert correct(known, first).stored == 1
    after = total(known)
    again = correct(known, first)
    assert (again.accepted, again.stored) == (1, 0)
    assert correct(known, declared(day()[5], reason="did_not_occur")).stored == 1
    assert total(known) == after
    assert total(known, TUESDAY)["shipped_kg"] == 3444.0


def test_the_command_line_reads_the_past_by_day_and_by_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    with Ledger(url) as ledger:
        ledger.capture(day(), MONDAY)
        correct(ledger, declared(day()[5]))

    def shipped(*arguments: str) -> Any:
        command = [Path(sys.executable).with_name("vnest"), "balance", "--db", url, "--json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answer = json.loads(done.stdout)
        return answer["error"] if done.returncode else answer["total"]["shipped_kg"]

    assert shipped() == 0.0
    assert shipped("--as-of", "2026-08-11") == 3444.0
    assert shipped("--as-of", "2026-08-12T12:59:00+01:00") == 3444.0
    assert shipped("--as-of", "2026-08-12T12:00:00Z") == 0.0
    assert "has no zone" in json.dumps(shipped("--as-of", "2026-08-12T12:00:00"))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=1, max_size=6))
def test_any_number_of_corrections_leaves_the_last_word_and_every_word_before(
    tmp_path_factory: pytest.TempPathFactory, masses: list[tuple[int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("words")
    with pytest.MonkeyPatch.context() as patch, Ledger(f"sqlite:///{folder / 'x.db'}") as ledger:
        patch.setenv("VNEST_COLUMNS", str(folder / "columns"))
        ledger.capture(day()[1:2], MONDAY)
        word = day()[1]
        heard = [3000.0]
        for number, (mass, alone) in enumerate(masses, start=1):
            flow = replace(word.material[0], materials={"steel": float(mass)})
            other = replace(word, time=word.time + timedelta(seconds=1), material=[flow])
            steps = [to_epcis(other), declared(word)]
            steps.reverse()
            at = MONDAY + timedelta(days=number)
            outcomes = [correct(ledger, step, at=at) for step in steps] if alone else [correct(ledger, *steps, at=at)]
            assert [outcome.errors for outcome in outcomes] == [()] * len(outcomes)
            word = other
            heard.append(float(mass))
        assert [total(ledger, MONDAY + timedelta(days=number))["received_kg"] for number in range(len(heard))] == heard
        found = trace_thing(ledger, VAN)
        assert isinstance(found, Trace)
        assert found.mass_kg == heard[-1]


def test_scrap_of_a_corrected_shredding_has_the_origins_of_the_correction(known: Ledger) -> None:
    """The van's hulk was not in the batch: a quarter of everything was shredded."""
    batch, shipment = day()[4], day()[5]
    quarter = [replace(flow, materials={name: kg / 4 for name, kg in flow.materials.items()}) for flow in batch.material[2:]]
    alone = whole(replace(batch, material=[batch.material[0], *quarter]))
    less = [replace(flow, materials={name: kg / 4 for name, kg in flow.materials.items()}) for flow in shipment.material[1:]]
    sent = whole(replace(shipment, material=[shipment.material[0], *less]))
    outcome = correct(known, declared(shipment), declared(batch), to_epcis(alone), to_epcis(sent))
    assert outcome.errors == ()
    found, earlier = trace_thing(known, SCRAP), trace_thing(known, SCRAP, TUESDAY)
    assert isinstance(found, Trace)
    assert isinstance(earlier, Trace)
    assert [(origin.lot.uri, origin.share) for origin in found.origins] == [(CAR, 1.0)]
    assert {origin.lot.uri: origin.share for origin in earlier.origins} == pytest.approx({CAR: 0.25, VAN: 0.75})
    assert total(known)["stock_kg"] == pytest.approx(2700.0 + 55.0)
