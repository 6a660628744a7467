"""Graded batteries and packs in the ledger: mass closes, a new code names the old one, a thing is used once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import traced
from tests.loop.battery.conftest import quiet
from tests.site.conftest import NOW

from vehiclenest.core.errors import InputError, NotFoundError
from vehiclenest.core.identifiers import parse_battery_code
from vehiclenest.ledger import Event, Flow, Ledger, Lot, MaterialFlow
from vehiclenest.loop.records import Powertrain
from vehiclenest.site import Settings, example_manifest, run
from vehiclenest.site.battery import GradedPart, Recorded, record_grades, record_packs
from vehiclenest.site.pulse import simulated_pulse_test

CODE = "001PE0A0000000B3S0000001"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger that holds one traction battery of 400 kg."""
    thing = Settings().thing("CAR-TBA")
    received = Event(
        "ObjectEvent",
        NOW,
        {"action": "ADD", "bizStep": "receiving", "epcList": [thing]},
        lots=[Lot(thing, "fraction", "traction battery", "batteries")],
        material=[MaterialFlow(Flow.RECEIVED, {"nickel": 100.0, "aluminium": 300.0}, thing)],
    )
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        opened.capture([received], NOW)
        yield opened


def part(name: str, grade: str = "B") -> GradedPart:
    return GradedPart(name, grade, "echelon: stationary storage", "SOH 75 %", 75.0, 70.0, 80.0)


def record(ledger: Ledger, parts: list[GradedPart], code: str | None = CODE) -> Recorded:
    return record_grades(ledger, "CAR-TBA", parts, code, "0" * 64, Settings(), LATER, ["grade.B.least"])


def test_a_graded_battery_becomes_its_parts_and_traces_back_to_itself(ledger: Ledger) -> None:
    recorded = record(ledger, [part("m1"), part("m2", "X")])
    assert recorded.lots == ["CAR-TBA-M001", "CAR-TBA-M002"]
    found = traced(ledger, "CAR-TBA-M001")
    assert found.mass_kg == pytest.approx(200.0)
    assert found.attributes["grade"] == "B"
    assert found.attributes["formerBatteryCode"] == CODE
    assert "grade.B.least" in found.unverified


def test_only_what_goes_on_gets_a_new_code_of_the_same_maker_and_chemistry(ledger: Ledger) -> None:
    recorded = record(ledger, [part("m1"), part("m2", "X"), part("m3", "A")])
    codes = [parse_battery_code(text) for text in recorded.codes]
    assert len(set(recorded.codes)) == 2
    assert all((code.maker, code.chemistry, code.reused) == ("001", "E", True) for code in codes)


def test_without_the_old_code_no_new_one_is_made_up(ledger: Ledger) -> None:
    assert record(ledger, [part("m1")], None).codes == []


def test_a_battery_is_opened_once(ledger: Ledger) -> None:
    record(ledger, [part("m1")])
    with pytest.raises(NotFoundError, match="it was there and has left"):
        record(ledger, [part("m1")])


def test_an_unknown_battery_no_parts_and_a_false_code_are_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match="no battery NONE"):
        record_grades(ledger, "NONE", [part("m1")], None, "", Settings(), LATER)
    with pytest.raises(InputError, match="no part"):
        record(ledger, [])
    with pytest.raises(InputError, match="battery code"):
        record(ledger, [part("m1")], "XX")
    assert ledger.size() == 1


def test_a_pack_weighs_what_its_modules_weigh_and_uses_them_up(ledger: Ledger) -> None:
    record(ledger, [part(f"m{number}") for number in range(4)])
    modules = [f"CAR-TBA-M{number:03d}" for number in (1, 2)]
    assert record_packs(ledger, "ESS1", [modules], "2S1P", Settings(), LATER) == 1
    found = traced(ledger, "ESS1-P0001")
    assert found.mass_kg == pytest.approx(200.0)
    assert found.lot.kind == "battery_pack"
    with pytest.raises(NotFoundError, match="no module"):
        record_packs(ledger, "ESS2", [modules], "2S1P", Settings(), LATER)


def test_the_demo_grades_its_traction_batteries_and_links_their_codes(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'demo.db'}") as ledger, example_manifest() as manifest:
        now = datetime(2026, 11, 24, tzinfo=UTC)
        result = run([manifest], ledger, Settings(), now, quiet, battery_test=simulated_pulse_test)
        bodies = b"".join(ledger.bodies())
    assert sum(result.batteries.values()) > 0
    assert result.max_closure_error < 1e-9
    assert b"simulated pulse test" in bodies
    assert b" replaces " in bodies
    assert "pulse.simulated" in result.unverified


def test_a_run_on_real_lots_never_makes_a_test_up(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path / 'run.db'}") as ledger, example_manifest() as manifest:
        result = run([manifest], ledger, Settings(), NOW, quiet)
        assert b"simulated" not in b"".join(ledger.bodies())
    assert result.batteries == {}


def test_a_chemistry_that_was_never_learnt_is_not_tested(example: object) -> None:
    from types import SimpleNamespace

    vehicle = SimpleNamespace(reference="A", received_at=NOW, year=2010, mileage_km=None, powertrain=Powertrain.HYBRID)
    assert simulated_pulse_test(vehicle, {"nickel": 20.0, "steel": 10.0}, None) is None  # type: ignore[arg-type]
