"""What the claims are worth, and by which rule."""

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate import BOUNDARIES, bundled_feed, claims
from vehiclenest.loop.regenerate.claims import Row, Standing
from vehiclenest.loop.regenerate.feed import parse_feed
from vehiclenest.loop.regenerate.parameters import chosen, drawn, parameters

RUNS = 400


@pytest.fixture(scope="module")
def ternary() -> dict[tuple[str, str], Row]:
    """The claims for the bundled ternary black mass."""
    return {(row.claim, row.boundary): row for row in claims(bundled_feed("nmc622"), RUNS)}


def test_energy_and_auxiliary_materials_depend_on_the_boundary(ternary: dict[tuple[str, str], Row]) -> None:
    for claim in ("energy", "reagents"):
        assert ternary[claim, "all"].verdict is Standing.DEPENDS
        assert ternary[claim, "oxide"].verdict is Standing.HOLDS
        assert ternary[claim, "salts"].verdict is Standing.FAILS


def test_labour_and_equipment_cannot_be_judged_and_the_missing_figure_is_named(ternary: dict[tuple[str, str], Row]) -> None:
    for claim, word, price in (("labour", "labour of the one-step route", "1,075"), ("equipment", "equipment investment", "73")):
        for boundary in (*BOUNDARIES, "all"):
            row = ternary[claim, boundary]
            assert row.verdict is Standing.UNKNOWN
            assert row.probability is None
            assert word in row.missing
            assert f"below {price} CNY per t of cell" in row.missing


def test_zero_carbon_fails_everywhere_and_graphite_decides_by_how_much(ternary: dict[tuple[str, str], Row]) -> None:
    for claim in ("zero_carbon", "zero_carbon_clean_energy"):
        assert ternary[claim, "all"].verdict is Standing.FAILS
        name, correlation = ternary[claim, "lithium"].drivers[0]
        assert name == "one_step.graphite_burnt"
        assert correlation < -0.9


def test_an_undecided_claim_names_the_range_that_is_too_wide(ternary: dict[tuple[str, str], Row]) -> None:
    row = ternary["lithium_loss", "lithium"]
    assert row.probability is not None
    assert 0.05 < row.probability < 0.95
    assert row.verdict is Standing.UNKNOWN
    assert row.missing.startswith("a narrower range of hydro.coprecipitation_lithium than 0.01 to 0.3 (")


def test_a_route_that_makes_no_lithium_carbonate_saves_nothing() -> None:
    rows = {(row.claim, row.boundary): row for row in claims(bundled_feed("lfp"), RUNS)}
    assert rows["lithium_loss", "all"].verdict is Standing.FAILS
    for claim in ("energy", "reagents"):
        assert {rows[claim, boundary].probability for boundary in BOUNDARIES} == {0.0}


def test_the_same_seed_gives_the_same_rows_and_another_nearly_the_same(ternary: dict[tuple[str, str], Row]) -> None:
    again = {(row.claim, row.boundary): row for row in claims(bundled_feed("nmc622"), RUNS)}
    assert again == ternary
    other = {(row.claim, row.boundary): row for row in claims(bundled_feed("nmc622"), RUNS, seed=2)}
    for key, row in ternary.items():
        if row.probability is not None:
            assert other[key].probability == pytest.approx(row.probability, abs=0.1)
    assert other != ternary


def test_rows_are_plain_data_with_the_keys_that_were_promised(ternary: dict[tuple[str, str], Row]) -> None:
    found = ternary["energy", "oxide"].as_dict()
    assert {"claim", "boundary", "probability", "verdict", "missing"} <= set(found)
    assert found["figure"]["p5"] < found["figure"]["median"] < found["figure"]["p95"]


@pytest.mark.parametrize("runs", [0, -5, 99, 10**9])
def test_a_number_of_runs_that_says_nothing_is_refused(runs: int) -> None:
    with pytest.raises(InputError, match="from 100 to 200000"):
        claims(bundled_feed("nmc622"), runs)


def test_a_feed_without_lithium_makes_no_claim() -> None:
    with pytest.raises(InputError, match="holds no lithium"):
        claims(parse_feed("mass_t = 1\n[composition]\ngraphite = 1\n", "x"), RUNS)


def test_draws_stay_in_their_ranges_around_their_value() -> None:
    values = drawn(2000, 3)
    for name, constant in parameters().items():
        if values[name].size > 1:
            assert constant.low is not None
            assert constant.high is not None
            assert constant.low <= constant.value <= constant.high, name
            assert values[name].min() >= constant.low
            assert values[name].max() <= constant.high
    assert np.mean(values["one_step.graphite_burnt"]) == pytest.approx(0.5, abs=0.03)


def test_what_the_user_set_is_not_drawn() -> None:
    own = {"one_step.graphite_burnt": 0.25}
    assert drawn(200, 1, own)["one_step.graphite_burnt"].tolist() == [0.25]
    assert chosen(own)["one_step.graphite_burnt"].tolist() == [0.25]
