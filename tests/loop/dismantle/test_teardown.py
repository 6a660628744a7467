"""Dismantling: what comes off and what is left are together the vehicle, to the last gram of every substance."""

import dataclasses
import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import ConflictError, SettingsError
from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop import dismantle as room
from vehiclenest.loop.dismantle import depollute, dismantle, shred
from vehiclenest.loop.intake import Declared, estimated_mass, family_of, receive
from vehiclenest.loop.records import Composition, Powertrain, Teardown, Vehicle, merged

COMPONENTS = load_table(Path(room.__file__).with_name("components.toml"))
COMBUSTION = (Powertrain.PETROL, Powertrain.DIESEL, Powertrain.HYBRID, Powertrain.PLUG_IN_HYBRID)
DRIVEN = (*COMBUSTION, Powertrain.ELECTRIC)
CATEGORY = {
    "sedan": "M1", "hatchback": "M1", "wagon": "M1", "coupe": "M1", "suv": "M1", "van": "M1", "large_van": "M1", "pickup": "N1",
    "heavy_pickup": "N2", "truck": "N2", "tractor": "N3", "bus": "M3", "motorcycle": "L3", "atv": "L7", "side_by_side": "L7",
}  # fmt: skip
WORDS = {
    "sedan": "SEDAN", "hatchback": "HATCHBACK", "wagon": "WAGON", "coupe": "COUPE", "suv": "SUV", "van": "MINIVAN", "large_van": "SPRINTER",
    "pickup": "PICKUP", "heavy_pickup": "RAM 2500", "truck": "CAB CHASSIS", "tractor": "TRACTOR TRUCK", "bus": "SCHOOL BUS",
    "motorcycle": "SCOOTER", "atv": "ATV", "side_by_side": "SIDE BY SIDE", "trailer": "TRAILER",
}  # fmt: skip
KINDS = [(body, powertrain) for body in CATEGORY for powertrain in DRIVEN] + [("trailer", Powertrain.NONE)]


def vehicle(body: str, powertrain: Powertrain, share: float = 1.0, year: int = 2016) -> Vehicle:
    """A vehicle of a body and powertrain, with a share of its usual mass."""
    mass = estimated_mass(body, powertrain, None)[0].value * share
    made = receive(
        Declared(
            "LOT1",
            None,
            "MAKE",
            "",
            year,
            datetime(2026, 8, 20, tzinfo=UTC),
            body=WORDS[body],
            powertrain=powertrain,
            curb_mass_kg=mass,
        )
    )
    assert (made.body, made.powertrain) == (body, powertrain)
    return made


def taken_apart(whole: Vehicle, site: Path | None = None) -> Teardown:
    return dismantle(whole, depollute(whole, site), family_of(whole.body), site)


def assert_same(left: Composition, right: Composition, scale: float) -> None:
    for material in MATERIALS:
        assert math.isclose(left.get(material, 0.0), right.get(material, 0.0), rel_tol=1e-12, abs_tol=1e-12 * scale), material


def assert_nothing_is_lost(whole: Vehicle) -> None:
    depollution, teardown = depollute(whole), taken_apart(whole)
    pieces: Iterable[Composition] = (
        *(fraction.materials for fraction in depollution.removed),
        *(part.materials for part in teardown.components),
        teardown.hulk,
    )
    out = merged(*pieces)
    assert_same(out, whole.composition, whole.expected_mass_kg)
    assert math.isclose(math.fsum(out.values()), whole.expected_mass_kg, rel_tol=1e-12)
    assert all(mass > 0 for mass in teardown.hulk.values())
    assert set(out) <= set(MATERIALS)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.floats(0.5, 2.5), st.integers(1980, 2027))
def test_fractions_components_and_hulk_are_the_vehicle_substance_by_substance(
    kind: tuple[str, Powertrain], share: float, year: int
) -> None:
    assert_nothing_is_lost(vehicle(*kind, share, year))


def test_nothing_is_lost_of_any_real_vehicle(lots: Any) -> None:
    for whole in lots.vehicles.values():
        assert_nothing_is_lost(whole)


@pytest.mark.parametrize(("body", "powertrain"), KINDS)
def test_no_two_parts_of_a_vehicle_share_a_code_of_three_characters(body: str, powertrain: Powertrain) -> None:
    whole = vehicle(body, powertrain)
    codes = [part.code for part in taken_apart(whole).components] + [fraction.code for fraction in whole.fractions]
    assert len(codes) == len(set(codes))
    assert {len(code) for code in codes} == {3}
    assert all(code.isalnum() and code.isupper() for code in codes)


@pytest.mark.parametrize("name", list(COMPONENTS))
def test_the_substances_of_a_part_are_all_of_it(name: str) -> None:
    row = COMPONENTS[name]
    assert math.fsum(row.number(material) for material in MATERIALS if material in row) == pytest.approx(1, rel=1e-12)
    assert {key for key in row if key not in {"share", "minutes"}} <= set(MATERIALS)
    assert row.text("name_zh")


@pytest.mark.parametrize("body", ["sedan", "truck", "motorcycle"])
def test_an_electric_vehicle_has_nothing_that_burns_and_everything_that_drives_it(body: str) -> None:
    whole = vehicle(body, Powertrain.ELECTRIC)
    found = _codes(whole)
    assert not found & {"FUE", "OIL", "FIL", "ENG", "TRX", "CAT", "EXH", "FTK", "ALT", "STA"}
    assert {"TBA", "DMO", "PBB", "COO", "BRF"} <= found
    assert not {"fuel", "engine_oil", "catalyst_ceramic"} & set(whole.composition)
    assert whole.composition["lithium"] > 0


@pytest.mark.parametrize("body", ["sedan", "truck", "motorcycle"])
@pytest.mark.parametrize("powertrain", [Powertrain.PETROL, Powertrain.DIESEL])
def test_a_combustion_vehicle_has_an_engine_and_no_traction_battery(body: str, powertrain: Powertrain) -> None:
    whole = vehicle(body, powertrain)
    found = _codes(whole)
    assert {"ENG", "FTK", "FUE", "OIL", "PBB"} <= found
    assert not found & {"TBA", "DMO", "INV"}
    assert "lithium" not in whole.composition


@pytest.mark.parametrize("powertrain", [Powertrain.HYBRID, Powertrain.PLUG_IN_HYBRID])
def test_a_hybrid_has_both(powertrain: Powertrain) -> None:
    assert {"ENG", "FUE", "TBA", "PBB"} <= _codes(vehicle("sedan", powertrain))


def test_a_trailer_gives_up_its_lead_battery_and_nothing_else() -> None:
    assert [fraction.code for fraction in vehicle("trailer", Powertrain.NONE).fractions] == ["PBB"]


def test_the_five_assemblies_of_a_car_a_truck_and_a_pickup_are_named() -> None:
    def assemblies(body: str) -> set[str]:
        return {part.assembly for part in taken_apart(vehicle(body, Powertrain.DIESEL)).components} - {""}

    four = {"engine", "transmission", "steering gear", "axles"}
    assert assemblies("sedan") == four, "a car body carries itself"
    assert assemblies("pickup") == assemblies("truck") == four | {"frame"}


def test_the_reduction_gear_of_an_electric_car_counts_as_its_transmission_and_the_drive_motor_as_no_assembly() -> None:
    found = {part.code: part.assembly for part in taken_apart(vehicle("sedan", Powertrain.ELECTRIC)).components}
    assert (found["RDG"], found["DMO"]) == ("transmission", "")


def _codes(whole: Vehicle) -> set[str]:
    return {part.code for part in taken_apart(whole).components} | {fraction.code for fraction in whole.fractions}


def test_nothing_is_dismantled_before_it_is_depolluted(vehicle_of: Callable[..., Vehicle]) -> None:
    whole = vehicle_of()
    with pytest.raises(ConflictError, match="LOT1 is not depolluted; a complete depollution of this very vehicle"):
        dismantle(whole, dataclasses.replace(depollute(whole), complete=False), "car")


def test_the_depollution_of_another_vehicle_does_not_count(vehicle_of: Callable[..., Vehicle]) -> None:
    with pytest.raises(ConflictError, match="LOT1 is not depolluted"):
        dismantle(vehicle_of(), depollute(vehicle_of(reference="LOT2")), "car")


def test_depollution_takes_out_every_hazardous_fraction(vehicle_of: Callable[..., Vehicle]) -> None:
    whole = vehicle_of()
    depollution = depollute(whole)
    assert (depollution.removed, depollution.complete, depollution.reference) == (whole.fractions, True, "LOT1")
    assert "engine_oil" not in taken_apart(whole).hulk
    assert depollution.minutes > 0
    assert depollution.unverified == ("yields.depollution",)


def test_the_time_of_a_teardown_is_that_of_its_parts(vehicle_of: Callable[..., Vehicle]) -> None:
    teardown = taken_apart(vehicle_of())
    by_code = {row.text("code"): row.number("minutes") for row in COMPONENTS.values() if "car" in row.words("families")}
    assert teardown.minutes == pytest.approx(sum(by_code[part.code] for part in teardown.components))
    assert teardown.electricity_kwh > 0
    assert {"components.engine", "yields.dismantling"} <= set(teardown.unverified)


def test_a_site_that_takes_off_more_than_there_is_is_told_of_which_substance(
    vehicle_of: Callable[..., Vehicle], tmp_path: Path
) -> None:
    (tmp_path / "components.toml").write_text("[wiring_harness]\nshare = 0.2\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"the parts of a car hold \d+\.\d\d kg more copper than the vehicle; smaller shares"):
        taken_apart(vehicle_of(), tmp_path)


def test_a_site_may_take_off_a_part_of_its_own(vehicle_of: Callable[..., Vehicle], tmp_path: Path) -> None:
    (tmp_path / "components.toml").write_text(
        '[roof_rack]\ncode = "RRK"\nname = "roof rack"\nfamilies = ["car"]\nbodies = ["sedan"]\nstream = "metal components"\n'
        'kind = "body"\nzones = ["roof"]\nshare = 0.01\nminutes = 3\nsteel = 1.0\n',
        encoding="utf-8",
    )
    rack = next(part for part in taken_apart(vehicle_of(), tmp_path).components if part.code == "RRK")
    assert rack.mass_kg == pytest.approx(0.01 * sum(vehicle_of().structure.values()))
    assert rack.unverified == ()
    assert "RRK" not in {part.code for part in taken_apart(vehicle_of(body="SUV"), tmp_path).components}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[hood]\nsteel = 0.5\n", r"components\.hood: its substances sum to 0\.55; 1"),
        ('[hood]\nstream = "somewhere"\n', r"components\.hood: 'somewhere' is no stream; one of batteries, liquids"),
    ],
)
def test_a_site_that_describes_no_part_is_told_which_row(
    vehicle_of: Callable[..., Vehicle], tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "components.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        taken_apart(vehicle_of(), tmp_path)


def test_what_is_shredded_is_in_the_fractions_or_in_the_dust_substance_by_substance(lots: Any) -> None:
    hulks = [taken_apart(whole).hulk for whole in list(lots.vehicles.values())[:200]]
    _assert_closes(hulks)


@given(st.lists(st.dictionaries(st.sampled_from(MATERIALS), st.floats(0, 1e5)), max_size=5))
def test_a_shredder_closes_over_whatever_is_put_in(hulks: list[dict[str, float]]) -> None:
    _assert_closes(hulks)


def _assert_closes(hulks: list[Any]) -> None:
    campaign = shred(hulks)
    put_in = merged(*hulks)
    out = merged(campaign.lost, *(fraction.materials for fraction in campaign.fractions))
    assert_same(out, put_in, max(1.0, sum(put_in.values())))
    assert all(mass >= 0 for fraction in campaign.fractions for mass in fraction.materials.values())
    assert campaign.electricity_kwh == pytest.approx(0.040 * sum(put_in.values()))


def test_a_tonne_of_steel_becomes_985_kilograms_of_scrap_after_its_dust() -> None:
    campaign = shred([{"steel": 600.0}, {"steel": 400.0}])
    masses = {fraction.code: fraction.materials.get("steel", 0.0) for fraction in campaign.fractions}
    assert masses["FER"] == pytest.approx(0.998 * 985)
    assert masses["NFE"] == pytest.approx(0.998 * 5)
    assert campaign.lost == {"steel": pytest.approx(2)}
    assert sum(masses.values()) == pytest.approx(998)


def test_lead_has_no_way_into_the_steel_and_glass_goes_to_the_heavy_fraction() -> None:
    materials = {
        fraction.code: fraction.materials for fraction in shred([{"lead": 10.0, "glass": 10.0, "plastic": 10.0}]).fractions
    }
    assert "lead" not in materials["FER"]
    assert materials["NFE"]["lead"] == pytest.approx(0.998 * 8)
    assert materials["SHF"]["glass"] == pytest.approx(0.998 * 6)
    assert materials["SLF"]["plastic"] > 9


def test_a_campaign_names_what_nobody_verified() -> None:
    assert {"yields.shredder", "yields.ferrous.copper", "yields.non_ferrous", "yields.heavy"} <= set(shred([]).unverified)
    assert "yields.ferrous.steel" not in shred([]).unverified


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[ferrous]\ncopper = 0.5\n",
            "yields.toml sends more than all copper to the shredder's outputs; shares that sum to 1 at most",
        ),
        ("[heavy]\nrest = 0.99\n", "yields.toml sends more than all plastic"),
        ("[ferrous]\nsteel = -0.1\n", "yields.toml sends less than nothing to ferrous"),
        ("[shredder]\ndust = 1.5\n", "yields.toml turns 1.5 of the hulks into dust"),
        ("[shredder]\ndust = -0.1\n", "yields.toml turns -0.1 of the hulks into dust"),
    ],
)
def test_a_site_whose_shredder_makes_or_loses_mass_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "yields.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        shred([{"copper": 10.0, "plastic": 5.0, "steel": 1.0}], tmp_path)
    assert str(caught.value).startswith(message)
