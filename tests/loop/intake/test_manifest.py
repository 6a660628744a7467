"""Manifest: rows with VIN and masses; a contradiction is refused with its size, and the schema says what the reader takes."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.loop.intake import (
    Declared,
    declare_lot,
    declare_manifest_row,
    dialect,
    dialect_of_record,
    manifest_schema,
    receive,
)
from vehiclenest.loop.intake.manifest import CATEGORIES, ManifestRow
from vehiclenest.loop.records import Powertrain, Vehicle

NOW = datetime(2026, 8, 20, tzinfo=UTC)
ACCORD = {
    "vin": "1HGCM82633A004352",
    "make": "HONDA",
    "model": "ACCORD",
    "year": "2003",
    "powertrain": "petrol",
    "body": "SEDAN",
    "mileage_km": "180000",
}
PACK = "001PE01ABC123492A0000042"
IRON_PHOSPHATE = "001PB01ABC123492A0000042"


def declared(**cells: str) -> Declared:
    return declare_manifest_row(ACCORD | cells, NOW)


def received(**cells: str) -> Vehicle:
    return receive(declared(**cells))


def outcome(row: dict[str, str]) -> Vehicle | InputError:
    try:
        return receive(declare_manifest_row(row, NOW))
    except InputError as error:
        return error


def test_a_row_says_what_its_cells_say() -> None:
    row = declared(category="m1", displacement_l="3.0", damage_codes="front:5D4", received_at="2026-08-12T18:02:58+08:00")
    assert (row.reference, row.vin, row.year, row.category) == ("1HGCM82633A004352", "1HGCM82633A004352", 2003, "M1")
    assert (row.powertrain, row.displacement_l, row.mileage_km) == (Powertrain.PETROL, 3.0, 180_000)
    assert row.received_at == datetime(2026, 8, 12, 10, 2, 58, tzinfo=UTC)
    assert (len(row.damage), row.flags) == (1, ())


def test_a_manifest_is_known_by_its_columns() -> None:
    assert dialect(list(ACCORD)) is declare_manifest_row
    assert dialect_of_record(ACCORD) is declare_manifest_row
    assert dialect_of_record({"lotId": "1"}) is declare_lot
    with pytest.raises(
        InputError, match=r"columns are missing: vin, powertrain; .* a manifest has vin, make, model, year, powertrain"
    ):
        dialect(["make", "model", "year"])


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"vin": "1HGCM82643A004352"}, "check digit"),
        ({"vin": ""}, "vin: vin is missing"),
        ({"make": "[PREMIUM]"}, "make: make is missing"),
        ({"model": ""}, "model: model is missing"),
        ({"model": "X" * 201}, "model: the text has 201 characters"),
        ({"year": "2028"}, "year: 2028 cannot be the model year"),
        ({"powertrain": "steam"}, "powertrain: 'steam' is no powertrain; one of petrol, diesel"),
        ({"category": "O4"}, "category: 'O4' is no category; one of L3"),
        ({"battery_code": "001PE01"}, "^battery_code: "),
        (
            {"received_at": "9999-12-31T23:59:59Z"},
            "^received_at: '9999-12-31T23:59:59Z' is no time at which a vehicle was received",
        ),
        ({"weighed_mass_kg": "1_400"}, "^weighed_mass_kg: '1_400' is no number"),
        ({"curb_mass_kg": "nan"}, "^curb_mass_kg: 'nan' is no number"),
        ({"damage_codes": "front"}, "damage_codes: 'front' is no damage code"),
        ({"received_at": "soon"}, "received_at: 'soon' is no time"),
        ({"curb_mass_kg": "-1450"}, "curb_mass_kg: -1450 is negative"),
        ({"weighed_mass_kg": "0"}, "weighed_mass_kg: 0 kg is no mass of a vehicle"),
        ({"weighed_mass_kg": "60001"}, "weighed_mass_kg: 60001 kg is no mass of a vehicle; above 0, up to 60000 kg"),
        ({"weighed_mass_kg": "1.4 t"}, "weighed_mass_kg: '1.4 t' is no number; kg, for example 1450"),
        ({"displacement_l": "1998"}, "displacement_l: 1998 l is the displacement of no engine; litres, 0.02 to 30"),
        ({"mileage_km": "1e9"}, r"mileage_km: 1e\+09 is on no odometer"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_field(cells: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        declared(**cells)


def test_thousands_may_be_separated() -> None:
    assert declared(weighed_mass_kg="1,450.5").weighed_mass_kg == 1450.5
    with pytest.raises(InputError, match="is no number"):
        declared(weighed_mass_kg="1,45")


def test_a_vehicle_received_after_the_run_is_flagged() -> None:
    assert declared(received_at="2026-08-22T00:00:00Z").flags == ("received in the future",)


def test_what_is_empty_is_not_known_and_what_matters_is_flagged() -> None:
    row = declared(powertrain="", mileage_km="0", displacement_l="0", received_at="2026-08-12T10:00:00")
    assert (row.powertrain, row.mileage_km, row.displacement_l, row.battery_code) == (None, None, None, None)
    assert row.flags == ("received_at has no zone: taken as UTC", "mileage unknown")


def test_a_model_year_that_the_vin_contradicts_is_flagged() -> None:
    assert declared(year="2004").flags == ("the VIN says model year 2003, the manifest 2004",)


def test_a_trailer_says_that_it_has_no_powertrain() -> None:
    assert declared(powertrain="none", category="O2").powertrain is Powertrain.NONE


def test_a_weighed_vehicle_has_the_mass_of_the_weighbridge() -> None:
    vehicle = received(weighed_mass_kg="1390")
    assert (vehicle.mass_kg, vehicle.expected_mass_kg, vehicle.mass_basis, vehicle.mass_source) == (
        1390,
        1390,
        "weighed",
        "weighbridge",
    )
    assert vehicle.mass_uncertainty_kg == pytest.approx(20 / math.sqrt(3), abs=0.1), "e = 20 kg, rectangular"


def test_a_curb_mass_is_an_estimate_of_the_vehicle() -> None:
    vehicle = received(curb_mass_kg="1400")
    assert (vehicle.mass_kg, vehicle.mass_basis, vehicle.mass_source) == (1400, "estimated", "curb mass of the type")
    assert vehicle.mass_uncertainty_kg == pytest.approx(35)


def test_weighed_and_curb_mass_may_differ_by_what_their_instruments_allow() -> None:
    vehicle = received(weighed_mass_kg="1350", curb_mass_kg="1400")
    assert (vehicle.mass_kg, vehicle.expected_mass_kg) == (1350, 1400)
    assert sum(vehicle.composition.values()) == pytest.approx(1400, rel=1e-12)


@pytest.mark.parametrize(("weighed", "difference"), [("1100", "-300"), ("1600", "+200"), ("1326", "-74"), ("1474", "+74")])
def test_weighed_and_curb_mass_that_contradict_each_other_are_refused_with_the_difference(weighed: str, difference: str) -> None:
    with pytest.raises(InputError) as caught:
        received(weighed_mass_kg=weighed, curb_mass_kg="1400")
    assert f"weighed {weighed} kg and curb mass 1400 kg differ by {difference} kg, beyond the 74 kg" in str(caught.value)
    assert caught.value.where.field == "weighed_mass_kg"


@pytest.mark.parametrize(
    ("field", "mass"),
    [("weighed_mass_kg", "300"), ("weighed_mass_kg", "9000"), ("curb_mass_kg", "300"), ("curb_mass_kg", "9000")],
)
def test_a_mass_that_no_sedan_has_is_refused_with_what_one_may_have(field: str, mass: str) -> None:
    with pytest.raises(InputError, match=rf"{field}: {mass} kg is no mass of a sedan \(M1\); \d+ to \d+ kg"):
        received(**{field: mass})


def test_a_mass_below_the_fluids_and_batteries_of_the_body_is_refused(tmp_path: Path) -> None:
    (tmp_path / "masses.toml").write_text("[plausible]\nlowest = 0.001\n", encoding="utf-8")
    with pytest.raises(InputError, match="20 kg is less than the fluids and batteries of a sedan; above 49 kg"):
        receive(declared(weighed_mass_kg="20"), tmp_path)


def test_a_composition_that_the_site_wrote_carelessly_still_sums_to_the_vehicle(tmp_path: Path) -> None:
    (tmp_path / "composition.toml").write_text("[car_combustion]\nplastic = 0.30\n", encoding="utf-8")
    vehicle = receive(declared(weighed_mass_kg="1400"), tmp_path)
    assert math.fsum(vehicle.composition.values()) == pytest.approx(1400, rel=1e-12)


def test_the_battery_code_says_what_the_traction_battery_is_made_of() -> None:
    ternary = received(powertrain="electric", battery_code=PACK)
    iron = received(powertrain="electric", battery_code=IRON_PHOSPHATE)
    assert ternary.battery_code == PACK
    assert ternary.composition["cobalt"] > 0
    assert "phosphate" not in ternary.composition
    assert iron.composition["phosphate"] > 0
    assert "cobalt" not in iron.composition
    assert not [flag for flag in (*ternary.flags, *iron.flags) if "traction battery" in flag]


@pytest.mark.parametrize(
    ("powertrain", "chemistry", "marker"),
    [
        ("electric", "ternary", "manganese"),
        ("plug_in_hybrid", "ternary", "manganese"),
        ("hybrid", "nickel_metal_hydride", "nickel"),
    ],
)
def test_a_traction_battery_of_unknown_chemistry_is_the_usual_one_and_flagged(
    powertrain: str, chemistry: str, marker: str
) -> None:
    vehicle = received(powertrain=powertrain)
    assert f"traction battery taken as {chemistry}" in vehicle.flags
    assert vehicle.composition[marker] > 0


@pytest.mark.parametrize(("year", "chemistry"), [(2016, "nickel_metal_hydride"), (2017, "ternary")])
def test_a_late_hybrid_has_a_ternary_battery(vehicle_of: Callable[..., Vehicle], year: int, chemistry: str) -> None:
    vehicle = vehicle_of(powertrain=Powertrain.HYBRID, year=year)
    assert f"traction battery taken as {chemistry}" in vehicle.flags
    assert ("manganese" in vehicle.composition) == (chemistry == "ternary")


def test_air_bags_are_deployed_and_nothing_else_is() -> None:
    assert {part.name for part in received().fractions if part.treatment == "deployed"} == {"air_bags"}


FIRE = "front:5B9;rear:5B9;left:5B9;roof:5B9"
BURNT_OUT = "burnt out: fluids and air bags taken as consumed; burnt plastic and rubber are still counted as such"


@pytest.mark.parametrize("cells", [{}, {"curb_mass_kg": "1400"}])
def test_a_burnt_out_vehicle_is_lighter_by_its_fluids_and_air_bags(cells: dict[str, str]) -> None:
    whole, burnt = received(**cells), received(**cells, damage_codes=FIRE)
    gone = [part for part in whole.fractions if part.bulk or part.code == "ABG"]
    lost = sum(part.mass_kg for part in gone)
    assert lost > 20
    assert burnt.fractions == tuple(part for part in whole.fractions if part not in gone)
    assert {part.code for part in burnt.fractions} == {"PBB"}
    assert burnt.mass_kg == pytest.approx(whole.mass_kg - lost)
    assert burnt.expected_mass_kg == pytest.approx(whole.expected_mass_kg - lost)
    assert burnt.mass_uncertainty_kg == whole.mass_uncertainty_kg
    assert math.fsum(burnt.composition.values()) == pytest.approx(burnt.expected_mass_kg, rel=1e-12)
    assert burnt.structure == pytest.approx(whole.structure)
    assert BURNT_OUT in burnt.flags


def test_a_burnt_out_vehicle_on_the_weighbridge_is_structure_for_what_its_fluids_would_have_been() -> None:
    whole, burnt = received(weighed_mass_kg="1400"), received(weighed_mass_kg="1400", damage_codes=FIRE)
    assert (burnt.mass_kg, burnt.expected_mass_kg) == (1400, 1400)
    assert sum(burnt.structure.values()) > sum(whole.structure.values()) + 20
    assert math.fsum(burnt.composition.values()) == pytest.approx(1400, rel=1e-12)


def test_a_burnt_out_vehicle_is_compared_with_the_curb_mass_of_its_type_less_what_burnt() -> None:
    burnt = received(weighed_mass_kg="1310", curb_mass_kg="1400", damage_codes=FIRE)
    assert burnt.mass_kg == 1310
    assert 1360 < burnt.expected_mass_kg < 1380
    assert math.fsum(burnt.composition.values()) == pytest.approx(burnt.expected_mass_kg, rel=1e-12)


def test_an_electric_vehicle_keeps_its_traction_battery_through_a_fire_and_three_burnt_zones_are_no_burnt_out_vehicle() -> None:
    assert {part.code for part in received(powertrain="electric", damage_codes=FIRE).fractions} == {"PBB", "TBA"}
    engine_fire = received(damage_codes="front:5B9;left:5B9;roof:5B9;roof:1B2;rear:5D9")
    assert BURNT_OUT not in engine_fire.flags
    assert {"FUE", "ABG"} <= {part.code for part in engine_fire.fractions}


def test_a_lot_that_says_burn_is_burnt_out_and_one_whose_engine_burnt_is_not() -> None:
    lot = {"lotId": "1", "vehicleType": "V", "year": "2016", "make": "HONDA", "modelDetail": "CR-V", "damageDescription": "BURN"}
    assert BURNT_OUT in receive(declare_lot(lot, NOW)).flags
    assert BURNT_OUT not in receive(declare_lot(lot | {"damageDescription": "BURN - ENGINE"}, NOW)).flags


def test_a_battery_code_on_a_petrol_car_is_not_used_and_that_is_said() -> None:
    vehicle = received(battery_code=PACK)
    assert "battery code given, but petrol has no traction battery: not used" in vehicle.flags
    assert "lithium" not in vehicle.composition


def test_every_unverified_constant_behind_a_vehicle_is_named() -> None:
    names = received().unverified
    assert {name.split(".")[0] for name in names} == {"masses", "fractions", "composition"}
    assert "masses.sedan" in names
    assert "masses.sedan" not in received(weighed_mass_kg="1400").unverified, "a weighed mass needs no estimate"


def test_an_old_car_has_no_air_bags() -> None:
    codes = [{part.code for part in received(vin="1M8GDM9AXKP042788", year=year).fractions} for year in ("1995", "1996")]
    assert ["ABG" in code for code in codes] == [False, True]


def test_the_schema_is_the_model_and_names_every_column_that_is_read() -> None:
    schema = manifest_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == set(ManifestRow.model_fields)
    assert schema["required"] == ["vin", "make", "model", "year"]
    assert set(schema["properties"]["category"]["anyOf"][0]["enum"]) == set(CATEGORIES)
    assert set(schema["properties"]["powertrain"]["anyOf"][0]["enum"]) == set(Powertrain)
    reads = _Recorder(ACCORD)
    declare_manifest_row(reads, NOW)
    assert reads.asked == set(schema["properties"])


class _Recorder(dict[str, str]):
    """A row that remembers which of its columns were asked for."""

    def __init__(self, row: dict[str, str]) -> None:
        super().__init__(row)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


TYPED = {"year": int, "displacement_l": float, "curb_mass_kg": float, "weighed_mass_kg": float, "mileage_km": float}


@pytest.mark.parametrize(
    ("cells", "valid"),
    [
        ({}, True),
        ({"category": "M1", "displacement_l": "2.4", "curb_mass_kg": "1400", "mileage_km": "1"}, True),
        ({"powertrain": "none", "category": "O2"}, True),
        ({"anything": "else"}, True),
        ({"curb_mass_kg": "0"}, False),
        ({"weighed_mass_kg": "60001"}, False),
        ({"displacement_l": "31"}, False),
        ({"mileage_km": "-1"}, False),
        ({"mileage_km": "10000001"}, False),
        ({"powertrain": "steam"}, False),
        ({"category": "O4"}, False),
        ({"make": "X" * 201}, False),
    ],
)
def test_schema_and_reader_agree_on_what_is_valid(cells: dict[str, str], valid: bool) -> None:
    row = ACCORD | cells
    document = {name: TYPED.get(name, str)(cell) for name, cell in row.items()}
    assert jsonschema_rs.is_valid(manifest_schema(), document) is valid
    try:
        declare_manifest_row(row, NOW)
    except InputError:
        assert not valid
    else:
        assert valid


CELLS = st.text(max_size=40) | st.sampled_from(
    ["0", "1e308", "-1", "inf", "٣", "[x]", "electric", "hybrid", "none", "O2", "M3", "1450", PACK, "front:5D4"]
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(ManifestRow.model_fields)), CELLS))
def test_no_cell_of_a_manifest_does_anything_but_describe_a_vehicle_or_be_refused(cells: dict[str, str]) -> None:
    vehicle = outcome(ACCORD | cells)
    if isinstance(vehicle, InputError):
        assert str(vehicle).isprintable()
        return
    assert math.isclose(math.fsum(vehicle.composition.values()), vehicle.expected_mass_kg, rel_tol=1e-12)
    assert 0 < vehicle.mass_kg <= 60_000
