"""Every unit closes every element and its enthalpy, and one that does not is found out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vehiclenest.core.errors import InputError, SettingsError, VehicleNestError
from vehiclenest.loop.regenerate import BUNDLED, FATES, FINISHES, Outcome, bundled_feed
from vehiclenest.loop.regenerate.balance import element_closure, enthalpy_closure
from vehiclenest.loop.regenerate.outcome import solve
from vehiclenest.loop.regenerate.parameters import chosen, drawn
from vehiclenest.loop.regenerate.plant import solve_loop
from vehiclenest.loop.regenerate.species import all_species, reaction, species
from vehiclenest.loop.regenerate.stream import Stream

Solved = Callable[..., Outcome]


@pytest.mark.parametrize("feed", BUNDLED)
@pytest.mark.parametrize("route", ["hydro", "one-step", "direct"])
@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("fate", FATES)
def test_elements_and_enthalpy_close(outcome: Solved, feed: str, route: str, finish: str, fate: str) -> None:
    if route == "direct" and feed == "mixed":
        pytest.skip("direct recycling refuses a mix")
    found = outcome(feed, route, finish, fate)
    assert {"Li", "C", "O", "H"} <= set(found.closure)
    assert max(found.closure.values()) < 1e-9
    assert found.enthalpy_closure < 1e-6
    assert found.flowsheet.loop_error <= 1e-10


def test_they_close_for_any_draw_of_the_parameters() -> None:
    for route in ("hydro", "one-step"):
        units = solve(bundled_feed("mixed"), route, "salts", drawn(300, 5)).units
        assert max(element_closure(units).values()) < 1e-8
        assert enthalpy_closure(units) < 1e-6


def _tampered(outcome: Outcome, unit: str, change: Callable[[Stream], Stream], output: str) -> list[Any]:
    units = list(outcome.flowsheet.units)
    place = next(index for index, found in enumerate(units) if found.name == unit)
    outputs = {**units[place].outputs, output: change(units[place].outputs[output])}
    units[place] = replace(units[place], outputs=outputs)
    return units


def test_a_unit_that_loses_a_thousandth_of_its_lithium_is_found_out(outcome: Solved) -> None:
    def lose(stream: Stream) -> Stream:
        return replace(stream, amounts={**stream.amounts, "Li2CO3": stream.amounts["Li2CO3"] * 0.999})

    units = _tampered(outcome("nmc622", "one-step"), "thermal decomposition", lose, "wet carbonate")
    closure = element_closure(units)
    assert closure["Li"] > 5e-4
    assert closure["Ni"] < 1e-9


def test_a_unit_that_cools_its_product_for_nothing_is_found_out(outcome: Solved) -> None:
    def cool(stream: Stream) -> Stream:
        return replace(stream, temperature_k=stream.temperature_k - 100)

    units = _tampered(outcome("nmc622", "one-step"), "reduction roast", cool, "calcine")
    assert enthalpy_closure(units) > 0.01


def test_heat_that_a_unit_does_not_own_up_to_is_found_out(outcome: Solved) -> None:
    units = list(outcome("nmc622", "hydro").flowsheet.units)
    place = next(index for index, unit in enumerate(units) if unit.name == "leach")
    units[place] = replace(units[place], duty_j=units[place].duty_j * 1.05)
    assert enthalpy_closure(units) > 0.01


def test_a_recycle_that_does_not_settle_is_an_error() -> None:
    with pytest.raises(VehicleNestError, match="a recycle did not settle within 400 rounds"):
        solve_loop(lambda recycle: ([], {"H2O": recycle.get("H2O", np.zeros(1)) + 1.0}))


def test_reactions_balance_or_are_refused() -> None:
    assert reaction("2 CO(g) + O2(g) -> 2 CO2(g)") == {"CO(g)": -2.0, "O2(g)": -1.0, "CO2(g)": 2.0}
    with pytest.raises(SettingsError, match="does not balance O"):
        reaction("CO(g) + O2(g) -> CO2(g)")
    with pytest.raises(SettingsError, match="is no reaction"):
        reaction("CO(g)")
    with pytest.raises(InputError, match="'XeF9' is no known species"):
        species("XeF9")


def test_molar_masses_are_those_of_the_formulas() -> None:
    assert species("Li2CO3").molar_mass_kg == pytest.approx(0.07389, rel=1e-4)
    assert species("NiSO10H12").molar_mass_kg == pytest.approx(0.26285, rel=1e-4)  # NiSO4·6H2O
    assert len(all_species()) > 50


def test_words_that_are_no_route_are_refused() -> None:
    wrong: Any = "magic"
    with pytest.raises(InputError, match="'magic' is no route"):
        solve(bundled_feed("lfp"), wrong, "salts", chosen())
