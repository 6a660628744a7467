"""Classes: what a vehicle is, from words that other days' lots and manifests use."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vehiclenest.core.errors import InputError, SettingsError
from vehiclenest.loop.intake import Declared, classify, family_of
from vehiclenest.loop.intake.classify import VehicleClass
from vehiclenest.loop.records import Powertrain


def declared(make: str, model: str = "", body: str = "", **facts: Any) -> Declared:
    return Declared("LOT1", None, make, model, 2016, datetime(2026, 8, 20, tzinfo=UTC), body=body, **facts)


def classified(make: str, model: str = "", body: str = "", code: str = "V", **facts: Any) -> VehicleClass:
    return classify(declared(make, model, body, type_code=code, **facts))


@pytest.mark.parametrize(
    ("make", "model", "body", "code", "category", "kind"),
    [
        ("KENWORTH", "T680", "", "U", "N3", "tractor"),
        ("MACK", "GRANITE", "", "U", "N3", "truck"),
        ("FREIGHTLINER", "SPRINTER 2500", "CARGO VAN", "K", "N2", "large_van"),
        ("ISUZU", "NPR HD", "", "K", "N2", "truck"),
        ("BLUE BIRD", "SCHOOL BUS", "", "B", "M3", "bus"),
        ("MERCEDES-BENZ", "SPRINTER", "", "B", "M2", "large_van"),
        ("RAM", "1500", "QUAD CAB PICKUP", "V", "N1", "pickup"),
        ("RAM", "PROMASTER CITY", "CARGO VAN", "K", "N1", "van"),
        ("MERCEDES-BENZ", "E350", "SEDAN 4DR", "V", "M1", "sedan"),
        ("KIA", "SORENTO", "", "V", "M1", "suv"),
        ("CHRYSLER", "PACIFICA", "", "V", "M1", "van"),
        ("JEEP", "WRANGLER", "CONVERTIBLE", "V", "M1", "suv"),
        ("FORD", "F150", "", "V", "N1", "pickup"),
        ("HONDA", "FIT", "", "V", "M1", "hatchback"),
        ("SUBARU", "OUTBACK", "", "V", "M1", "wagon"),
        ("MERCURY", "BOBCAT", "SEDAN 2DR", "V", "M1", "coupe"),
        ("JOHN DEERE", "GATOR", "SIDE BY SIDE", "A", "L7", "side_by_side"),
        ("ARCTIC CAT", "ALTERRA 700", "", "A", "L7", "atv"),
        ("HONDA", "CRF250", "", "D", "L3", "motorcycle"),
        ("HOMEMADE", "BOAT TRAILER", "", "T", "O2", "trailer"),
        ("UTILITY", "REEFER", "", "L", "O2", "trailer"),
    ],
)
def test_a_lot_of_another_day_gets_the_category_of_what_it_is(
    make: str, model: str, body: str, code: str, category: str, kind: str
) -> None:
    found = classified(make, model, body, code)
    assert (found.category, found.body) == (category, kind)


@pytest.mark.parametrize(
    ("make", "model", "code", "reason"),
    [
        ("ARCTIC CAT", "ZR 6000", "S", "snowmobile"),
        ("ARCTIC CAT", "ZR 6000", "", "snowmobile"),
        ("SEA-DOO", "SPARK", "", "personal watercraft"),
        ("BAYLINER", "2052", "", "boat"),
        ("BOBCAT", "S185 SKID STEER", "E", "machinery"),
        ("CESSNA", "172", "", "aircraft"),
        ("GENERAC", "GENERATOR", "", "not a vehicle"),
        ("UNHEARD", "OF", "F", "machinery"),
    ],
)
def test_what_is_no_land_vehicle_is_refused_whatever_its_type_letter(make: str, model: str, code: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        classified(make, model, code=code)


@pytest.mark.parametrize(("code", "category", "body"), [("V", "M1", "sedan"), ("K", "N2", "truck"), ("U", "N3", "truck")])
def test_a_type_letter_alone_gives_a_body_that_is_flagged(code: str, category: str, body: str) -> None:
    found = classified("UNHEARD", "OF", code=code)
    assert (found.category, found.body) == (category, body)
    assert f"body not known: taken as {body}" in found.flags


def test_a_letter_that_nobody_knows_is_refused_unless_the_words_say_what_it_is() -> None:
    with pytest.raises(
        InputError, match="vehicleType: vehicle type 'Z' is not known, and nothing in make, model or body says what it is"
    ):
        classified("UNHEARD", "OF", code="Z")
    assert classified("TOYOTA", "CAMRY", "SEDAN", code="Z").body == "sedan"


def test_a_recreational_vehicle_with_an_engine_is_a_motor_caravan_and_without_one_a_trailer() -> None:
    caravan = classified("THOR", "ACE", code="R")
    assert (caravan.category, caravan.powertrain) == ("O2", Powertrain.NONE)
    motor = classified("THOR", "ACE", code="R", powertrain=Powertrain.PETROL, displacement_l=6.8)
    assert (motor.category, motor.body, motor.powertrain) == ("M1", "truck", Powertrain.PETROL)
    assert "body not known: taken as truck" in motor.flags


def test_the_weight_class_of_a_pickup_stands_in_its_trim() -> None:
    assert classified("CHEVROLET", "SILVERADO", "CREW PICKUP", trim="K2500 HEAVY DUTY").category == "N2"
    assert classified("CHEVROLET", "SILVERADO", "CREW PICKUP", trim="K1500 LT").category == "N1"


@pytest.mark.parametrize(
    ("model", "trim"),
    [("VOLT", ""), ("FUSION", "TITANIUM PHEV"), ("X5", "XDRIVE50E"), ("WRANGLER", "SAHARA 4XE"), ("PACIFICA", "EHYBRID")],
)
def test_a_hybrid_whose_model_has_a_plug_is_a_plug_in_hybrid_and_flagged(model: str, trim: str) -> None:
    found = classified("MAKE", model, "SUV", trim=trim, powertrain=Powertrain.HYBRID)
    assert found.powertrain is Powertrain.PLUG_IN_HYBRID
    assert found.flags == ("hybrid taken as plug-in hybrid by its model",)
    assert classified("MAKE", model, "SUV", trim=trim, powertrain=Powertrain.PETROL).powertrain is Powertrain.PETROL
    assert classified("TOYOTA", "PRIUS", "HATCHBACK", powertrain=Powertrain.HYBRID).powertrain is Powertrain.HYBRID


def test_a_manifests_hybrid_is_what_it_says() -> None:
    assert classified("CHEVROLET", "VOLT", "HATCHBACK", code="", powertrain=Powertrain.HYBRID).powertrain is Powertrain.HYBRID


@pytest.mark.parametrize(
    ("make", "facts", "powertrain"),
    [
        ("TESLA", {}, "electric"),
        ("BYD", {"battery_code": "001PE01ABC123492A0000042"}, "electric"),
        ("KENWORTH", {"model": "T680", "code": "U"}, "diesel"),
        ("HONDA", {}, "petrol"),
        ("HONDA", {"powertrain": Powertrain.NONE}, "petrol"),
    ],
)
def test_a_powertrain_that_is_not_said_is_the_usual_one_and_flagged(make: str, facts: dict[str, Any], powertrain: str) -> None:
    found = classified(make, **({"body": "SEDAN"} | facts))
    assert found.powertrain == powertrain
    assert f"powertrain not known: taken as {powertrain}" in found.flags


def test_a_trailer_has_no_powertrain_whatever_is_said() -> None:
    assert classified("KEYSTONE", "", code="T", powertrain=Powertrain.PETROL).powertrain is Powertrain.NONE


def test_a_category_that_is_declared_stands_and_the_words_give_the_body() -> None:
    assert classified("FORD", "TRANSIT", "", code="", category="M1").body == "large_van"
    car_derived_van = classified("RENAULT", "CLIO SOCIETE", "HATCHBACK", code="", category="N1")
    assert (car_derived_van.category, car_derived_van.body) == ("N1", "hatchback")


@pytest.mark.parametrize(
    ("category", "body"),
    [
        ("M3", "bus"),
        ("N3", "truck"),
        ("O2", "trailer"),
        ("L3", "motorcycle"),
        ("L7", "atv"),
        ("M2", "large_van"),
        ("N1", "pickup"),
    ],
)
def test_a_category_alone_gives_its_usual_body_and_is_flagged(category: str, body: str) -> None:
    found = classified("UNHEARD", "OF", code="", category=category)
    assert (found.category, found.body) == (category, body)
    assert f"body not known: taken as {body}" in found.flags


def test_what_says_nothing_at_all_is_taken_as_a_sedan_and_flagged() -> None:
    found = classified("UNHEARD", "OF", code="")
    assert (found.category, found.body) == ("M1", "sedan")
    assert "category and body not known: taken as an M1 sedan" in found.flags


@pytest.mark.parametrize(
    ("declared_category", "empty_kg", "category"),
    [
        ("N1", 3400.0, "N1"),
        ("N1", 3501.0, "N2"),
        ("N2", 12_000.0, "N2"),
        ("N2", 12_001.0, "N3"),
        ("N1", 13_000.0, "N3"),
        ("M1", 4000.0, "M1"),
    ],
)
def test_what_is_empty_above_the_gross_limit_of_its_category_belongs_to_the_next(
    declared_category: str, empty_kg: float, category: str
) -> None:
    assert classified("X", code="", category=declared_category, curb_mass_kg=empty_kg).category == category
    assert classified("X", code="", category=declared_category, weighed_mass_kg=empty_kg).category == category


@pytest.mark.parametrize(
    ("body", "family"),
    [
        ("sedan", "car"),
        ("heavy_pickup", "car"),
        ("tractor", "heavy"),
        ("bus", "heavy"),
        ("atv", "motorcycle"),
        ("side_by_side", "motorcycle"),
        ("trailer", "trailer"),
    ],
)
def test_a_body_belongs_to_a_family_of_teardown(body: str, family: str) -> None:
    assert family_of(body) == family


def test_a_site_that_writes_no_pattern_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "classes.toml").write_text('[M1_sedan]\npattern = "(SEDAN"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"classes\.M1_sedan: pattern '\(SEDAN'"):
        classify(declared("TOYOTA", "CAMRY", "SEDAN"), tmp_path)


def test_a_site_may_know_a_model_better(tmp_path: Path) -> None:
    (tmp_path / "classes.toml").write_text('[L7_atv]\npattern = "CAMRY"\n', encoding="utf-8")
    assert classify(declared("TOYOTA", "CAMRY", "SEDAN"), tmp_path).category == "L7"
