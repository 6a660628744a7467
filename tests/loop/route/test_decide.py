"""Routes: the law first, then the highest net value with carbon priced in; every figure exact and every guess named."""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.constants import load_table
from vehiclenest.core.errors import SettingsError
from vehiclenest.core.materials import MATERIALS
from vehiclenest.loop import dismantle as dismantle_room
from vehiclenest.loop.dismantle import depollute, dismantle, grade, shred
from vehiclenest.loop.intake import family_of
from vehiclenest.loop.records import Grade, Item, Powertrain, Route, Vehicle
from vehiclenest.loop.route import PLACES, decide, open_book
from vehiclenest.loop.route.decide import BUYERS, Option

ASSEMBLIES = ("engine", "steering gear", "transmission", "axles", "frame")
PARTS = {
    row.text("code"): row.text("assembly")
    for row in load_table(Path(dismantle_room.__file__).with_name("components.toml")).values()
}  # fmt: skip
GRADES: tuple[Grade, ...] = ("A", "B", "C", "X")
ENGINE = Item("ENG", "component", {"cast_iron": 80.0, "aluminium": 39.0, "steel": 31.0}, "A", "engine")
HEADLAMP = Item("HLL", "component", {"plastic": 3.0, "copper": 0.2}, "A")
PACK = {"graphite": 60.0, "nickel": 40.0, "manganese": 24.0, "aluminium": 100.0, "copper": 50.0}

materials = st.dictionaries(st.sampled_from(MATERIALS), st.floats(0.001, 5000), min_size=1)
codes = st.sampled_from(sorted(PARTS))


def site(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@given(st.sampled_from(ASSEMBLIES), codes, st.sampled_from(GRADES), materials)
def test_in_china_none_of_the_five_assemblies_is_ever_reused(
    assembly: str, code: str, found: Grade, split: dict[str, float]
) -> None:
    assert decide(Item(code, "component", split, found, assembly), "cn").route is not Route.REUSE


def test_in_china_a_good_engine_is_remanufactured_and_the_reason_names_the_decree() -> None:
    decision = decide(ENGINE, "cn")
    assert decision.route is Route.REMANUFACTURE
    assert "no reuse by State Council Decree 715" in decision.reason


@pytest.mark.parametrize("assembly", ASSEMBLIES)
def test_where_reuse_pays_best_an_assembly_is_reused_in_the_union_and_not_in_china(assembly: str, tmp_path: Path) -> None:
    rich = site(tmp_path, parts="[ENG]\nused = 50000\nsold = 1.0\n")
    item = Item("ENG", "component", ENGINE.materials, "A", assembly)
    assert decide(item, "eu", rich).route is Route.REUSE
    assert decide(item, "cn", rich).route is not Route.REUSE
    assert decide(item, "eu", rich).reason.count("715") == 0


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["component", "fraction"])
def test_an_air_bag_is_never_sold_however_much_is_offered(
    place: str, kind: Literal["component", "fraction"], tmp_path: Path
) -> None:
    greedy = site(tmp_path, parts="[ABG]\nused = 99999\ncore = 99999\nsold = 1.0\nmass = 1\n")
    decision = decide(Item("ABG", kind, {"steel": 5.0, "plastic": 4.0}, "A"), place, greedy)
    assert decision.route not in {Route.REUSE, Route.REMANUFACTURE, Route.SECOND_LIFE}
    assert "air bags are" in decision.reason
    assert decision.reason.count("; no ") == 2


@pytest.mark.parametrize("code", ["EXH", "CAT", "SFL", "SFR", "ECU"])
def test_exhaust_front_seats_and_control_unit_are_not_reused_in_the_union(code: str, tmp_path: Path) -> None:
    offered = site(tmp_path, parts=f"[{code}]\nused = 99999\ncore = 0\nsold = 1.0\nmass = 1\n")
    item = Item(code, "component", {"steel": 10.0}, "A")
    assert decide(item, "cn", offered).route is Route.REUSE
    assert decide(item, "eu", offered).route is Route.RECYCLE
    assert "2005/64/EC" in decide(item, "eu", offered).reason


@given(st.sampled_from(PLACES), codes | st.just("TBA"), materials)
def test_grade_x_is_material_and_never_a_product_again(place: str, code: str, split: dict[str, float]) -> None:
    for kind in ("component", "fraction"):
        decision = decide(Item(code, kind, split, "X", PARTS.get(code, "")), place)
        assert decision.route in {Route.REGENERATE, Route.RECYCLE, Route.ENERGY_RECOVERY, Route.DISPOSE}


def test_grade_x_stays_material_however_much_is_offered(tmp_path: Path) -> None:
    greedy = site(
        tmp_path, parts="[HLL]\nused = 99999\ncore = 99999\nsold = 1.0\n", prices="[second_life]\nprice = 99999\npasses = 1.0\n"
    )
    assert decide(Item("HLL", "component", HEADLAMP.materials, "X"), "eu", greedy).route is Route.RECYCLE
    assert decide(Item("TBA", "fraction", PACK, "X"), "eu", greedy).route is Route.REGENERATE
    assert decide(Item("TBA", "fraction", PACK, None), "eu", greedy).route is Route.REGENERATE
    assert decide(Item("TBA", "fraction", PACK, "A"), "eu", greedy).route is Route.SECOND_LIFE


@settings(deadline=None)
@given(st.sampled_from(PLACES), codes, st.sampled_from(GRADES), materials)
def test_the_route_chosen_has_the_highest_net_value_of_those_in_its_reason(
    place: str, code: str, found: Grade, split: dict[str, float]
) -> None:
    decision = decide(Item(code, "component", split, found, PARTS[code]), place)
    ranked = [
        (name, float(net.replace(",", ""))) for name, net in re.findall(r"([a-z_]+) (-?[\d,]+\.\d\d)(?= [>C])", decision.reason)
    ]
    assert ranked[0][0] == decision.route
    assert [net for _, net in ranked] == sorted((net for _, net in ranked), reverse=True)
    assert math.isclose(
        ranked[0][1],
        float(decision.revenue - decision.cost) - decision.carbon_kg * open_book(place).carbon_price,
        abs_tol=0.02,
    )


def test_a_part_is_worth_more_the_heavier_it_is(tmp_path: Path) -> None:
    sought = site(tmp_path, parts="[ENG]\ncore = 3000\nmass = 150\n")
    heavy = {material: 5 * mass for material, mass in ENGINE.materials.items()}
    decision = decide(Item("ENG", "component", heavy, "A", "engine"), "cn", sought)
    assert (decision.route, float(decision.revenue)) == (Route.REMANUFACTURE, 15000.0)


def test_the_expected_value_of_reuse_is_what_a_buyer_pays_times_the_chance_that_one_comes() -> None:
    decision = decide(HEADLAMP, "eu")
    scrap = 3.0 * 2.0 * 0.80 + 0.2 * 62.0 * 0.95
    assert decision.route is Route.REUSE
    assert float(decision.revenue) == pytest.approx(0.45 * 250 * 3.2 / 3.04 + 0.55 * scrap, abs=0.005)
    assert float(decision.cost) == pytest.approx(25 + 0.55 * 0.25 * 3.2, abs=0.005)
    new = (3.0 * 2.0 + 0.2 * 4.1) * 1.5
    recycled = -(3.0 * 0.80 * 1.4 + 0.2 * 0.95 * 3.2)
    assert decision.carbon_kg == pytest.approx(-0.8 * 0.45 * new + 0.55 * recycled)


def test_the_chance_that_a_route_is_really_taken_goes_with_the_decision() -> None:
    assert decide(HEADLAMP, "eu").expected_share == pytest.approx(0.45)
    assert decide(Item("HLL", "component", HEADLAMP.materials, "B"), "eu").expected_share == pytest.approx(0.45 * 0.65)
    pack = decide(Item("TBA", "fraction", {"phosphate": 60.0, "aluminium": 140.0}, "A"), "cn")
    assert (pack.route, pack.expected_share) == (Route.SECOND_LIFE, 0.5)
    for item in (ENGINE, Item("FUE", "fraction", {"fuel": 11.29}), Item("TBA", "fraction", PACK, "X")):
        assert decide(item, "cn").expected_share == 1.0


@pytest.mark.parametrize(("found", "share"), [("A", 1.0), ("B", 0.65), ("C", 0.5)])
def test_a_remanufacturer_pays_for_a_core_by_grade_and_at_least_half(found: Grade, share: float, tmp_path: Path) -> None:
    sought = site(tmp_path, parts="[ENG]\ncore = 3000\nmass = 150\n")
    decision = decide(Item("ENG", "component", ENGINE.materials, found, "engine"), "cn", sought)
    assert decision.route is Route.REMANUFACTURE
    assert (float(decision.revenue), decision.cost) == (3000 * share, Decimal("12.50"))
    assert decision.carbon_kg == pytest.approx(-0.67 * 1.5 * (80 * 1.9 + 39 * 15.947 + 31 * 2.15))


def test_a_worse_grade_sells_for_less_and_less_often() -> None:
    values = [decide(Item("HLL", "component", HEADLAMP.materials, found), "eu") for found in GRADES]
    nets = [decision.revenue - decision.cost for decision in values]
    assert nets[0] > nets[1] > nets[3]
    assert [decision.route for decision in values] == [Route.REUSE, Route.REUSE, Route.RECYCLE, Route.RECYCLE]


def test_another_price_of_the_site_is_another_route(tmp_path: Path) -> None:
    assert decide(HEADLAMP, "cn").route is Route.REUSE
    cheap = decide(HEADLAMP, "cn", site(tmp_path, parts="[HLL]\nused = 20\n"))
    assert cheap.route is Route.RECYCLE
    assert float(cheap.revenue) == pytest.approx(3.0 * 2.0 * 0.80 + 0.2 * 62.0 * 0.95, abs=0.005)


def test_a_higher_price_of_carbon_turns_burning_into_recycling(tmp_path: Path) -> None:
    light = {"plastic": 8.0, "rubber": 2.0}
    worthless = "[plastic]\nprice = 0.0\n[rubber]\nprice = 0.0\n"
    mixed = Item("DSB", "component", light, "X")
    for name, price, route in (("low", 10, Route.ENERGY_RECOVERY), ("high", 1000, Route.RECYCLE)):
        folder = tmp_path / name
        folder.mkdir()
        assert decide(mixed, "cn", site(folder, prices=worthless, carbon=f"[emission_trading]\nprice = {price}\n")).route is route


def test_carbon_counts_against_a_route_and_avoided_carbon_for_it() -> None:
    option = Option(Route.RECYCLE, 10.0, 4.0, -100.0, ())
    assert option.net(0.0) == 6.0
    assert option.net(0.07) == pytest.approx(13.0)


@given(st.sampled_from(PLACES), codes, st.sampled_from(GRADES), materials)
def test_money_is_exact_to_the_cent(place: str, code: str, found: Grade, split: dict[str, float]) -> None:
    decision = decide(Item(code, "component", split, found), place)
    for amount in (decision.revenue, decision.cost):
        assert isinstance(amount, Decimal)
        assert amount.as_tuple().exponent == -2
        assert amount >= 0
    assert decision.currency == "CNY"
    assert decision.counterparty == BUYERS[decision.route]


@pytest.mark.parametrize(("currency", "exponent"), [("JPY", 0), ("KWD", -3)])
def test_money_has_the_decimals_of_the_sites_currency(currency: str, exponent: int, tmp_path: Path) -> None:
    decision = decide(HEADLAMP, "eu", site(tmp_path, prices=f'[currency]\ncode = "{currency}"\n'))
    assert decision.currency == currency
    assert decision.revenue.as_tuple().exponent == exponent
    assert f"{currency} net" in decision.reason


def test_the_unverified_constants_behind_a_decision_are_named() -> None:
    names = decide(HEADLAMP, "eu").unverified
    assert {"parts.HLL", "parts.grade_A", "prices.part_handling", "carbon.reuse", "prices.plastic", "carbon.copper"} <= set(names)
    assert "prices.copper" not in names, "the price of copper was read at SMM"
    assert len(names) == len(set(names))


def test_a_price_that_the_site_set_is_no_guess_any_more(tmp_path: Path) -> None:
    own = site(tmp_path, parts="[HLL]\nused = 250\ncore = 0\nsold = 0.45\n")
    assert "parts.HLL" not in decide(HEADLAMP, "eu", own).unverified


def test_the_refrigerant_is_destroyed_and_its_destruction_paid() -> None:
    decision = decide(Item("REF", "fraction", {"refrigerant": 0.22}), "cn")
    assert (decision.route, decision.revenue, decision.cost) == (Route.DISPOSE, Decimal("0.00"), Decimal("5.50"))
    assert "prices.refrigerant_destruction" in decision.unverified


def test_fuel_is_used_up_as_fuel() -> None:
    decision = decide(Item("FUE", "fraction", {"fuel": 11.29}), "cn")
    assert (decision.route, decision.revenue, decision.cost) == (Route.REUSE, Decimal("56.45"), Decimal("0.00"))
    assert decision.carbon_kg == pytest.approx(-0.6 * 11.29)


def test_a_lead_battery_is_sold_whole_to_the_smelter() -> None:
    decision = decide(Item("PBB", "fraction", {"lead": 11.7, "battery_acid": 4.5, "plastic": 1.44, "other": 0.36}), "cn")
    assert (decision.route, decision.revenue, decision.cost) == (Route.RECYCLE, Decimal("167.40"), Decimal("4.50"))


def test_washer_fluid_and_brake_fluid_pay_for_their_treatment() -> None:
    assert decide(Item("WAF", "fraction", {"washer_fluid": 10.0}), "cn").cost == Decimal("20.00")
    assert decide(Item("WAF", "fraction", {"washer_fluid": 10.0}), "cn").route is Route.DISPOSE
    assert decide(Item("BRF", "fraction", {"brake_fluid": 10.0}), "cn").route is Route.ENERGY_RECOVERY
    assert decide(Item("OIL", "fraction", {"engine_oil": 2.86}), "cn").route is Route.RECYCLE


@pytest.mark.parametrize(
    ("materials", "price"),
    [
        ({"manganese": 5.0, "nickel": 95.0}, "2340.00"),
        ({"phosphate": 30.0, "lithium": 70.0}, "762.00"),
        ({"nickel": 30.0, "steel": 70.0}, "1200.00"),
    ],
)
def test_a_traction_battery_is_bought_by_its_chemistry(materials: dict[str, float], price: str) -> None:
    decision = decide(Item("TBA", "fraction", materials, "X"), "cn")
    assert (decision.route, decision.revenue, decision.cost) == (Route.REGENERATE, Decimal(price), Decimal("25.00"))
    assert decision.carbon_kg == pytest.approx(-0.20 * 17.63 * 100)


def test_a_good_traction_battery_gets_a_second_life_and_a_poor_one_gives_its_metals() -> None:
    iron = {"phosphate": 60.0, "aluminium": 140.0}
    assert decide(Item("TBA", "fraction", iron, "A"), "cn").route is Route.SECOND_LIFE
    assert decide(Item("TBA", "fraction", iron, "C"), "cn").route is Route.REGENERATE
    good = decide(Item("TBA", "fraction", iron, "A"), "cn")
    assert float(good.revenue) == pytest.approx(0.5 * 32 * 200 + 0.5 * 7.62 * 200)
    assert float(good.cost) == pytest.approx(600 + 0.5 * 0.25 * 200)


def test_a_buyer_of_shredded_steel_pays_for_the_iron_in_it_and_not_for_the_copper() -> None:
    steel = decide(Item("FER", "shredder", {"steel": 1000.0}), "cn")
    dirty = decide(Item("FER", "shredder", {"steel": 1000.0, "copper": 5.0}), "cn")
    assert steel.revenue == dirty.revenue == Decimal("1886.00")
    assert dirty.cost > steel.cost
    assert steel.route is Route.RECYCLE


def test_the_light_fraction_burns_and_glass_and_sand_do_not() -> None:
    assert decide(Item("SLF", "shredder", {"plastic": 80.0, "rubber": 10.0, "glass": 10.0}), "cn").route is Route.ENERGY_RECOVERY
    assert decide(Item("SHF", "shredder", {"glass": 80.0, "plastic": 20.0}), "cn").route is Route.DISPOSE


def test_a_part_that_nobody_buys_is_taken_for_its_material() -> None:
    assert decide(Item("HAR", "component", {"copper": 12.0, "plastic": 8.0}, "A"), "cn").route is Route.RECYCLE


@pytest.mark.parametrize("place", PLACES)
def test_everything_that_a_real_vehicle_gives_is_decided_lawfully(lots: Any, place: str) -> None:
    hulks: list[Any] = []
    for vehicle in list(lots.vehicles.values())[::4]:
        depollution = depollute(vehicle)
        teardown = dismantle(vehicle, depollution, family_of(vehicle.body))
        hulks.append(teardown.hulk)
        for part in teardown.components:
            decision = decide(Item(part.code, "component", part.materials, part.grade, part.assembly), place)
            assert place == "eu" or not part.assembly or decision.route is not Route.REUSE
            assert part.grade != "X" or decision.route not in {Route.REUSE, Route.REMANUFACTURE}
        for fraction in depollution.removed:
            found = grade("electrical", ("underbody",), vehicle)[0] if fraction.code == "TBA" else None
            assert decide(Item(fraction.code, "fraction", fraction.materials, found), place).reason
    for fraction in shred(hulks).fractions:
        assert decide(Item(fraction.code, "shredder", fraction.materials), place).reason


@pytest.mark.parametrize("powertrain", list(Powertrain)[:-1])
def test_every_part_of_every_powertrain_is_decided(vehicle_of: Callable[..., Vehicle], powertrain: Powertrain) -> None:
    vehicle = vehicle_of(powertrain=powertrain)
    for part in dismantle(vehicle, depollute(vehicle), "car").components:
        assert decide(Item(part.code, "component", part.materials, part.grade, part.assembly)).route in Route


def test_a_place_without_rules_is_refused_with_those_that_have_some() -> None:
    with pytest.raises(SettingsError, match="there are no rules for the place 'us'; one of cn, eu"):
        decide(ENGINE, "us")


def test_rules_that_leave_no_route_are_refused(tmp_path: Path) -> None:
    closed = site(tmp_path, rules='[nothing_goes]\nplace = "cn"\nitems = ["REF"]\nnever = ["dispose"]\nlaw = "the site"\n')
    with pytest.raises(SettingsError, match="nothing may be done with REF; a route in the rules of cn"):
        decide(Item("REF", "fraction", {"refrigerant": 1.0}), "cn", closed)


def test_a_rule_about_a_route_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    wrong = site(tmp_path, rules='[odd]\nplace = "cn"\nitems = ["REF"]\nnever = ["resell"]\nlaw = "the site"\n')
    with pytest.raises(SettingsError, match=r"rules\.odd: 'resell' is no route; one of reuse, remanufacture"):
        open_book("cn", wrong)
