"""Grades at the very limits of the ARA: units for bodies, miles for mechanics; fire and water spoil what they reach."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vehiclenest.loop.dismantle import grade
from vehiclenest.loop.records import Damage, Vehicle

MILE = 1.609344
Make = Callable[..., Vehicle]


def hit(units: float, zone: str = "front", cause: str = "collision") -> tuple[Damage, ...]:
    return (Damage(zone, units, cause),)


@pytest.mark.parametrize("kind", ["body", "interior"])
@pytest.mark.parametrize(
    ("units", "expected"), [(0, "A"), (1, "A"), (1.5, "B"), (2, "B"), (2.5, "C"), (7, "C"), (8, "X"), (9, "X")]
)
def test_a_body_part_is_a_up_to_one_unit_b_up_to_two_c_above_and_x_destroyed(
    vehicle_of: Make, kind: str, units: float, expected: str
) -> None:
    assert grade(kind, ("front",), vehicle_of(damage=hit(units)))[0] == expected


@pytest.mark.parametrize(
    ("miles", "years", "expected"),
    [
        (60_000, 1, "A"),
        (60_001, 1, "B"),
        (60_001, 4, "B"),
        (60_000, 0, "A"),
        (61_000, 5, "A"),
        (150_000, 10, "A"),
        (105_000, 7, "A"),
        (150_010, 10, "B"),
        (199_999, 20, "A"),
        (200_000, 13, "B"),
        (200_000, 20, "A"),
        (200_001, 20, "C"),
        (2_352_965, 19, "C"),
    ],
)
def test_a_mechanical_part_is_graded_by_miles_and_miles_a_year(vehicle_of: Make, miles: int, years: int, expected: str) -> None:
    found, reason = grade("mechanical", ("front",), vehicle_of(mileage_km=miles * MILE, year=2026 - years))
    assert found == expected
    assert f"{miles * MILE:,.0f} km in {max(years, 1)} years" in reason


def test_a_model_ahead_of_its_year_counts_as_one_year_old(vehicle_of: Make) -> None:
    assert grade("mechanical", (), vehicle_of(mileage_km=100.0, year=2027)) == ("A", "100 km in 1 years")


def test_an_odometer_that_nobody_read_makes_no_grade_a(vehicle_of: Make) -> None:
    assert grade("mechanical", ("front",), vehicle_of(mileage_km=None)) == ("B", "mileage unknown")


@pytest.mark.parametrize(("miles", "before", "after"), [(50_000, "A", "B"), (199_000, "B", "C"), (250_000, "C", "C")])
@pytest.mark.parametrize("kind", ["mechanical", "electrical", "tyre", "catalyst"])
def test_a_damaged_zone_costs_a_grade_above_two_units(vehicle_of: Make, kind: str, miles: int, before: str, after: str) -> None:
    facts = {"mileage_km": miles * MILE, "year": 2020}
    assert grade(kind, ("front",), vehicle_of(**facts, damage=hit(2)))[0] == before
    found, reason = grade(kind, ("front",), vehicle_of(**facts, damage=hit(3)))
    assert found == after
    assert reason.startswith("downgraded for 3 damage units at front; ")
    assert grade(kind, ("rear",), vehicle_of(**facts, damage=hit(3)))[0] == before, "damage elsewhere costs nothing"


def test_mechanical_damage_leaves_a_grade_c_at_best(vehicle_of: Make) -> None:
    broken = vehicle_of(mileage_km=1000.0, damage=hit(1, "powertrain", "mechanical"))
    assert grade("mechanical", ("front", "powertrain"), broken)[0] == "C"
    assert grade("mechanical", ("front",), broken)[0] == "A"


def test_damage_of_several_zones_of_a_part_adds_up(vehicle_of: Make) -> None:
    both = vehicle_of(damage=(Damage("front", 1, "collision"), Damage("left", 1, "collision"), Damage("rear", 9, "collision")))
    assert grade("body", ("front", "left"), both) == ("B", "2 damage units at front, left")


@pytest.mark.parametrize("kind", ["body", "mechanical", "electrical", "interior", "catalyst", "tyre", "scrap"])
def test_what_fire_reached_is_never_sold_whatever_it_is(vehicle_of: Make, kind: str) -> None:
    burnt = vehicle_of(damage=hit(0.5, "interior", "burn"))
    assert grade(kind, ("interior",), burnt) == ("X", "burn in interior")
    assert grade(kind, ("rear",), burnt)[0] != "X"


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [("electrical", True), ("interior", True), ("body", False), ("mechanical", False), ("tyre", False), ("catalyst", False)],
)
def test_water_spoils_what_is_electrical_and_the_interior(vehicle_of: Make, kind: str, spoilt: bool) -> None:
    assert (grade(kind, ("interior",), vehicle_of(damage=hit(0.5, "interior", "flood")))[0] == "X") is spoilt


def test_contamination_spoils_the_interior_only(vehicle_of: Make) -> None:
    dirty = vehicle_of(damage=hit(0.5, "interior", "contamination"))
    assert grade("interior", ("interior",), dirty)[0] == "X"
    assert grade("electrical", ("interior",), dirty)[0] != "X"


def test_what_is_taken_for_its_material_is_no_part_to_sell(vehicle_of: Make) -> None:
    assert grade("scrap", ("underbody",), vehicle_of(mileage_km=10.0)) == ("C", "taken for its material")
    assert grade("scrap", ("front",), vehicle_of(damage=hit(8)))[0] == "X"


def test_a_site_may_set_its_own_limits(vehicle_of: Make, tmp_path: Path) -> None:
    (tmp_path / "yields.toml").write_text("[grading]\ngrade_a = 3\nmileage_a = 1000\nyearly_a = 1\n", encoding="utf-8")
    assert grade("body", ("front",), vehicle_of(damage=hit(3)), tmp_path)[0] == "A"
    assert grade("mechanical", ("front",), vehicle_of(mileage_km=1001.0), tmp_path)[0] == "B"
