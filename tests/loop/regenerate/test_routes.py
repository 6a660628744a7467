"""What the routes do to the feeds."""

from collections.abc import Callable
from datetime import date

import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.core.verdict import Verdict
from vehiclenest.loop.regenerate import Outcome, bundled_feed, checks, compare, element_table, recycled_content, run, substances
from vehiclenest.loop.regenerate.feed import parse_feed
from vehiclenest.loop.regenerate.money import CAPITAL_MISSING, LABOUR_MISSING
from vehiclenest.loop.regenerate.stoichiometry import textbook

Solved = Callable[..., Outcome]
FACTS = {
    "sulfuric acid": 1047,
    "strip acid": 607,
    "hydrogen peroxide": 211,
    "sodium hydroxide": 520,
    "soda ash": 361,
    "sodium sulfate": 1517,
    "lithium carbonate": 229,
}


def test_the_textbook_table_for_ternary_black_mass_is_reproduced() -> None:
    table = textbook(bundled_feed("nmc622"))
    assert {name: table[name] for name in FACTS} == pytest.approx(FACTS, rel=0.02)
    # Acid that is left over after the leach is not neutralised in it: 62 kg of lye are missing.
    assert table["unneutralised_kg"] == pytest.approx(62, rel=0.02)


def test_the_flowsheet_takes_the_textbook_reagents_and_the_lye_that_closes_the_sodium(outcome: Solved) -> None:
    found = {name: float(mass[0]) for name, mass in outcome("nmc622", "hydro").accounts.reagents_kg.items()}
    assert found["sulfuric acid"] == pytest.approx(1047 + 607, rel=0.02)
    assert found["hydrogen peroxide"] == pytest.approx(211, rel=0.02)
    assert found["sodium hydroxide"] == pytest.approx(520 + 62, rel=0.05)
    assert found["soda ash"] == pytest.approx(361, rel=0.05)
    sulfate = outcome("nmc622", "hydro").products()["sodium sulfate"]["t"]
    assert sulfate == pytest.approx(1.517, rel=0.02)


def test_leach_reagents_of_the_table_emit_what_the_facts_say(outcome: Solved) -> None:
    table = textbook(bundled_feed("nmc622"))
    factors = {"sulfuric acid": 0.175, "hydrogen peroxide": 1.41, "sodium hydroxide": 1.2, "soda ash": 1.25}
    assert sum(table[name] * factor for name, factor in factors.items()) == pytest.approx(1560, rel=0.01)


def test_reagent_savings_of_the_one_step_route_are_those_of_the_first_screen(outcome: Solved) -> None:
    table = textbook(bundled_feed("nmc622"))
    acid = table["sulfuric acid"] * 2 / 3  # metals without their lithium
    leach = [table[name] for name in ("sulfuric acid", "hydrogen peroxide", "sodium hydroxide", "soda ash")]
    assert 1 - (acid + table["sodium hydroxide"]) / sum(leach) == pytest.approx(0.43, abs=0.005)
    with_strip = 1 - (acid + table["sodium hydroxide"] + table["strip acid"]) / (sum(leach) + table["strip acid"])
    assert with_strip == pytest.approx(0.34, abs=0.005)


def test_hydro_recovers_what_ma_et_al_publish(outcome: Solved) -> None:
    recovery = outcome("nmc622", "hydro").recovery
    for element in ("Li", "Ni", "Co", "Mn"):
        assert recovery[element] == pytest.approx(0.94, rel=0.10)
    assert outcome("nmc622", "direct").recovery["Ni"] == pytest.approx(0.90, rel=0.001)


def test_the_roast_binds_the_lithium_of_iron_phosphate_and_the_outcome_shows_it(outcome: Solved) -> None:
    found = outcome("lfp", "one-step").as_dict()
    assert found["lithium_after_roast"]["Li3PO4"] > 0.5
    assert found["recovery"]["Li"] < 0.01
    assert "lithium carbonate" not in found["products"]


def test_iron_phosphate_takes_the_lithium_of_ternary_material_with_it(outcome: Solved) -> None:
    assert outcome("nmc622", "one-step").recovery["Li"] > 0.85
    assert outcome("mixed", "one-step").recovery["Li"] < 0.05
    assert outcome("mixed", "hydro").recovery["Li"] > 0.9


def test_one_step_at_saturation_needs_the_water_and_energy_of_the_first_screen() -> None:
    text = "mass_t = 1\n[composition]\nNMC622 = 0.6\ngraphite = 0.35\ninert = 0.05\n"
    text += "[parameters.one_step]\napproach = 1.0\nresidual_dioxide = 0.003\n"
    found = run(parse_feed(text, "screen.toml"), "one-step", "oxide")
    leach, decomposition = (
        next(unit for unit in found.flowsheet.units if unit.name == name)
        for name in ("carbon-dioxide leach", "thermal decomposition")
    )
    liquor = leach.outputs["lithium liquor"]
    assert liquor.mass_of("H2O")[0] / 1000 == pytest.approx(4.5, rel=0.15)
    crystals = decomposition.outputs["wet carbonate"].element_mol("Li")[0]
    assert crystals / liquor.element_mol("Li")[0] == pytest.approx(0.83, abs=0.02)
    assert 400 < found.accounts.energy_kwh[0] < 650


def test_graphite_is_kept_sold_or_burnt_and_burning_it_emits_what_carbon_weighs(outcome: Solved) -> None:
    kept, sold, burnt = (outcome("nmc622", "hydro", "salts", fate) for fate in ("kept", "sold", "burnt"))
    assert kept.graphite()["leach residue"] > 0.95
    assert sold.products()["graphite"]["t"] == pytest.approx(0.9 * kept.feed.amounts["C"] * 0.012011 / 1000 * 0.98, rel=0.03)
    assert "graphite" not in kept.products()
    emitted = burnt.accounts.carbon_kg["process"][0] - kept.accounts.carbon_kg["process"][0]
    assert emitted == pytest.approx(0.37 * 44.009 / 12.011 * 1000, rel=0.03)
    one_step = outcome("nmc622", "one-step", "salts", "burnt")
    assert one_step.graphite()["oxidised"] > 0.99
    assert one_step.accounts.carbon_kg["process"][0] > 1100


def test_direct_recycling_refuses_what_it_cannot_treat_and_says_why() -> None:
    with pytest.raises(InputError, match=r"NMC622 30\.0%, LFP 30\.0% anneal to no defined material; .*sorted"):
        run(bundled_feed("mixed"), "direct")
    dirty = parse_feed("mass_t = 1\n[composition]\nLFP = 0.98\nCu = 0.02\n", "dirty.toml")
    with pytest.raises(InputError, match=r"2\.00% Cu would stay in the cathode material; less than 1\.5%"):
        run(dirty, "direct")
    empty = parse_feed("mass_t = 1\n[composition]\ngraphite = 1\n", "empty.toml")
    with pytest.raises(InputError, match="cathode materials none"):
        run(empty, "direct")


def test_lithium_topped_up_in_direct_recycling_is_not_recycled_content(outcome: Solved) -> None:
    content = recycled_content(outcome("nmc622", "direct"), "regenerated cathode")
    assert content["nickel"] == 1.0
    assert content["lithium"] == pytest.approx(1 / 1.05, rel=1e-6)
    assert recycled_content(outcome("nmc622", "hydro"), "lithium carbonate") == {"lithium": 1.0}


def test_no_labour_and_no_capital_are_made_up_for_the_one_step_route(outcome: Solved) -> None:
    found = outcome("nmc622", "one-step").as_dict()
    assert found["labour_h"] is None
    assert found["capex"] is None
    assert found["opex"]["without"] == ["labour"]
    assert found["missing"] == [LABOUR_MISSING, CAPITAL_MISSING]
    assert outcome("nmc622", "hydro").as_dict()["labour_h"] == pytest.approx(2150 / 0.55 / 45)


def test_an_outcome_names_the_unverified_figures_behind_it(outcome: Solved) -> None:
    names = outcome("nmc622", "one-step").unverified
    assert "process.one_step.fluoride_binding" in names
    assert "carbonate.solubility" in names
    assert "process.direct.lithium_topped_up" not in names


def test_a_parameter_that_the_feed_sets_changes_the_outcome(outcome: Solved) -> None:
    text = "mass_t = 1\n[composition]\nNMC622 = 0.6\ngraphite = 0.4\n[parameters.hydro]\ncoprecipitation_lithium = {}\n"
    little, much = (run(parse_feed(text.format(share), "x"), "hydro").recovery["Li"] for share in (0.01, 0.3))
    assert little - much == pytest.approx(0.29, abs=0.03)


def test_a_feed_short_of_carbon_is_reduced_only_as_far_as_it_goes() -> None:
    feed = parse_feed("mass_t = 1\n[composition]\nNMC622 = 0.99\ngraphite = 0.01\n", "short.toml")
    found = run(feed, "one-step")
    assert found.recovery["Li"] < 0.3
    assert max(found.closure.values()) < 1e-9


def test_other_cathodes_foils_and_oxides_close_too() -> None:
    text = (
        "mass_t = 3\n[composition]\nLMO = 0.2\nLCO = 0.2\nNMC811 = 0.1\ngraphite = 0.2\nAl = 0.02\nCu = 0.02\nFe = 0.02\n"
        "Al2O3 = 0.02\nLi2CO3 = 0.02\nLiF = 0.02\nNiO = 0.05\nCoO = 0.05\nwater = 0.05\nPVDF = 0.03\n"
    )
    for route in ("hydro", "one-step"):
        found = run(parse_feed(text, "x"), route)
        assert max(found.closure.values()) < 1e-9
        assert found.enthalpy_closure < 1e-6
        assert found.recovery["Li"] > 0.5


def test_the_element_table_sums_to_nothing(outcome: Solved) -> None:
    table = element_table(outcome("mixed", "one-step").flowsheet)
    for element in ("Li", "S", "Na", "P", "F"):
        came = -sum(row[element] for row in table.values() if row.get(element, 0) < 0)
        assert sum(row.get(element, 0) for row in table.values()) == pytest.approx(0, abs=1e-8 * came)


def test_substances_weigh_what_the_species_weigh() -> None:
    found = substances({"LiNiO2": 1000.0, "C": 1000.0, "H2O": 0.0})
    assert found["lithium"] == pytest.approx(6.94)
    assert found["graphite"] == pytest.approx(12.011)
    assert sum(found.values()) == pytest.approx(97.63 + 12.011, rel=1e-3)


def test_routes_stand_side_by_side_at_three_boundaries() -> None:
    rows = {(row["boundary"], row["route"]): row for row in compare(bundled_feed("nmc622"))}
    assert len(rows) == 9
    assert rows["lithium", "hydro"]["reagents"].keys() == {"soda ash"}
    assert rows["lithium", "one-step"]["energy_kwh_per_t"] > rows["lithium", "hydro"]["energy_kwh_per_t"]
    assert rows["oxide", "one-step"]["energy_kwh_per_t"] < rows["oxide", "hydro"]["energy_kwh_per_t"]
    assert "no lithium circuit" in rows["oxide", "direct"]["refused"]
    mixed = {(row["boundary"], row["route"]): row for row in compare(bundled_feed("mixed"))}
    assert "cannot treat" in mixed["salts", "direct"]["refused"]


def test_limits_name_article_and_day_and_what_does_not_bind_yet_is_not_assessed(outcome: Solved) -> None:
    found = {check.name: check for check in checks(outcome("nmc622", "hydro"), date(2028, 1, 1))}
    assert found["china_lithium"].verdict is Verdict.MET
    assert found["china_nickel"].verdict is Verdict.NOT_MET
    assert found["china_energy"].verdict is Verdict.MET
    assert found["eu_lithium_2027"].verdict is Verdict.MET
    assert found["eu_lithium_2031"].verdict is Verdict.NOT_ASSESSED
    assert found["eu_lithium_2031"].why == "binds from 2031-12-31"
    assert found["eu_raised"].verdict is Verdict.NOT_ASSESSED
    assert found["eu_raised"].limit is None
    assert found["eu_efficiency_2025"].verdict is Verdict.NOT_ASSESSED
    assert found["eu_nickel_2031"].unverified == ("limits.eu_nickel_2031",)
    assert all(check.article and check.law for check in found.values())
    early = {check.name: check.verdict for check in checks(outcome("nmc622", "hydro"), date(2027, 1, 1))}
    assert early["eu_lithium_2027"] is Verdict.NOT_ASSESSED
    assert found["china_lithium"].as_dict()["from"] == "2024-12-31"


def test_foil_at_the_limit_is_not_below_it() -> None:
    text = "mass_t = 1\n[composition]\nLFP = 0.685\ngraphite = 0.3\nAl = 0.015\n"
    found = {check.name: check.verdict for check in checks(run(parse_feed(text, "x"), "hydro"), date(2026, 1, 1))}
    assert found["china_aluminium"] is Verdict.NOT_MET
    assert found["china_copper"] is Verdict.MET
