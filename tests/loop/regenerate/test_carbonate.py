"""How much lithium carbonate dissolves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.loop.regenerate.carbonate import (
    grams_per_100,
    log_solubility_product,
    refuse_boiling,
    saturated_closed,
    saturated_under,
    solubility_table,
    unverified,
    vapour_atm,
)


def kelvin(*celsius: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(celsius) + 273.15


def test_water_dissolves_what_the_table_says_from_0_to_100_degrees() -> None:
    table = solubility_table()
    found = grams_per_100(saturated_closed(kelvin(*table)).lithium)
    assert found == pytest.approx(list(table.values()), rel=0.05)
    assert "carbonate.solubility" in unverified()


def test_under_one_atmosphere_of_carbon_dioxide_it_is_what_was_predicted() -> None:
    found = grams_per_100(saturated_under(kelvin(10, 25, 40), np.ones(3)).lithium)
    for grams, (low, high) in zip(found, [(6.5, 7.6), (5.1, 5.8), (4.2, 4.6)], strict=True):
        assert low <= grams <= high


def test_phreeqc_dissolves_as_much_with_the_same_solubility_product() -> None:
    phreeqc = pytest.importorskip("phreeqpython").PhreeqPython(database="phreeqc.dat")
    for celsius in (10.0, 25.0, 60.0):
        product = float(log_solubility_product(kelvin(celsius))[0])
        phreeqc.ip.run_string(f"PHASES\nLithiumCarbonate\nLi2CO3 = 2Li+ + CO3-2\n-log_k {product}\nEND")
        closed = phreeqc.add_solution({"temp": celsius})
        closed.equalize(["LithiumCarbonate"], [0.0], [10])
        assert saturated_closed(kelvin(celsius)).lithium[0] == pytest.approx(closed.elements["Li"], rel=0.02)
        under = phreeqc.add_solution({"temp": celsius})
        under.equalize(["LithiumCarbonate", "CO2(g)"], [0.0, 0.0], [10, 10])
        # Ours is some 3 % higher: PHREEQC counts the water that bicarbonate takes up, and its activity.
        assert saturated_under(kelvin(celsius), np.ones(1)).lithium[0] == pytest.approx(under.elements["Li"], rel=0.06)


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 100), st.floats(1e-3, 3))
def test_more_carbon_dioxide_dissolves_more_and_heat_less(celsius: float, pressure: float) -> None:
    here = saturated_under(kelvin(celsius), np.array([pressure]))
    assert saturated_under(kelvin(celsius), np.array([pressure * 1.1])).lithium[0] > here.lithium[0]
    assert saturated_under(kelvin(celsius + 1), np.array([pressure])).lithium[0] < here.lithium[0]
    assert 0 < here.carbonate_share[0] < 1


def test_water_boils_at_100_degrees_under_one_atmosphere() -> None:
    assert vapour_atm(kelvin(100))[0] == pytest.approx(1.0, abs=0.002)
    assert vapour_atm(kelvin(25))[0] == pytest.approx(0.0313, rel=0.01)
    refuse_boiling("leach", kelvin(99), np.ones(1))
    with pytest.raises(InputError, match=r"leach: water boils at 120 °C under 1 atm; less heat, or more than 1\.9"):
        refuse_boiling("leach", kelvin(120), np.ones(1))
