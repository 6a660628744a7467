"""One vehicle step by step: the same events as a day's run, and no step before the one that has to come first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from vehiclenest.core.errors import ConflictError, InputError
from vehiclenest.ledger import Book, Ledger, Trace, trace
from vehiclenest.loop.records import Item, Vehicle
from vehiclenest.site import Settings
from vehiclenest.site.yard import close_day, declared, depollution_of, sell, take_apart, take_in, take_out, taken_off, teardown_of

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
CELLS = {
    "vin": "LSVAA49J132047371", "make": "VOLKSWAGEN", "model": "LAVIDA", "year": "2012", "powertrain": "petrol",
    "weighed_mass_kg": "1280", "damage_codes": "front:5D6",
}  # fmt: skip
SETTINGS = Settings()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


def taken_in(book: Book) -> Vehicle:
    vehicle = declared(CELLS, NOW, SETTINGS)
    take_in(book, [vehicle], "typed in", SETTINGS)
    return vehicle


def test_a_vehicle_passes_the_stations_and_its_mass_is_all_there(ledger: Ledger) -> None:
    with ledger.writing() as book:
        vehicle = taken_in(book)
        depollution = depollution_of(vehicle, {fraction.code for fraction in vehicle.fractions}, SETTINGS)
        take_out(book, vehicle, depollution, NOW + timedelta(hours=1), SETTINGS)
        whole = teardown_of(vehicle, depollution, SETTINGS)
        other = whole.components[-1].code
        teardown = taken_off(whole, {"ENG": "B", other: "A"})
        take_apart(book, vehicle, teardown, NOW + timedelta(hours=2), SETTINGS)
        engine = next(part for part in teardown.components if part.code == "ENG")
        lot = SETTINGS.thing(f"{vehicle.reference}-ENG")
        item = Item("ENG", "component", engine.materials, "B", engine.assembly)
        decision = sell(book, lot, item, engine.stream, Decimal(4100), "S1", NOW + timedelta(hours=3), SETTINGS)
        hulks, consignments = close_day(book, NOW + timedelta(hours=9), SETTINGS)
    assert {part.code for part in teardown.components} == {"ENG", other}
    assert (hulks, consignments > 0) == (1, True)
    found = trace(ledger, vehicle.reference)
    assert isinstance(found, Trace)
    assert found.mass_kg == pytest.approx(1280)
    assert sum(output.share for output in found.outputs) == pytest.approx(1, abs=1e-9)
    assert [event.biz_step.rsplit(":", 1)[-1] for event in found.events][:1] == ["receiving"]
    assert decision.revenue == Decimal(4100) or decision.route not in {"reuse", "remanufacture", "second_life"}
    sold = trace(ledger, f"{vehicle.reference}-ENG")
    assert isinstance(sold, Trace)
    assert [(output.end, round(output.share, 9)) for output in sold.outputs] == [(decision.route.value, 1.0)]


def test_parts_that_nobody_takes_off_stay_on_the_hulk(ledger: Ledger) -> None:
    with ledger.writing() as book:
        vehicle = taken_in(book)
    depollution = depollution_of(vehicle, {fraction.code for fraction in vehicle.fractions}, SETTINGS)
    whole = teardown_of(vehicle, depollution, SETTINGS)
    none = taken_off(whole, {})
    weight = sum(whole.hulk.values()) + sum(part.mass_kg for part in whole.components)
    assert not none.components
    assert sum(none.hulk.values()) == pytest.approx(weight)
    assert (
        "graded by hand" in taken_off(whole, {"ENG": "C" if whole.components[0].grade != "C" else "A"}).components[0].grade_reason
    )


def test_each_step_asks_for_the_one_before(ledger: Ledger) -> None:
    with ledger.writing() as book:
        vehicle = taken_in(book)
        some = {fraction.code for fraction in vehicle.fractions[1:]}
        partly = depollution_of(vehicle, some, SETTINGS)
        with pytest.raises(ConflictError, match="still holds"):
            take_out(book, vehicle, partly, NOW, SETTINGS)
        with pytest.raises(ConflictError):
            teardown_of(vehicle, partly, SETTINGS)
        with pytest.raises(ConflictError, match="in the ledger already"):
            take_in(book, [vehicle], "typed in", SETTINGS)


def test_what_is_typed_wrong_is_said_by_its_field() -> None:
    with pytest.raises(InputError) as told:
        declared(CELLS | {"vin": "LSVAA49J13204737"}, NOW, SETTINGS)
    assert told.value.where.field == "vin"
    vehicle = declared(CELLS, NOW, SETTINGS)
    depollution = depollution_of(vehicle, {fraction.code for fraction in vehicle.fractions}, SETTINGS)
    with pytest.raises(InputError, match="XYZ"):
        taken_off(teardown_of(vehicle, depollution, SETTINGS), {"XYZ": "A"})
