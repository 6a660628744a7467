"""Features are the resistances of the cell, whatever its voltage."""

import numpy as np
import pytest
from tests.loop.battery.conftest import response

from vehiclenest.loop.battery.pulse import features, resistances


def test_the_resistance_of_a_known_circuit_is_found_at_every_pulse() -> None:
    found = resistances(np.array([response(100.0, 200.0)]))  # so full that the low-SOC term has died out
    assert found["on"] - 0.05 * 0.03 * 0 == pytest.approx(0.03, rel=0.06)
    assert found["polarisation"] == pytest.approx(0.015, rel=1e-3)


def test_resistances_do_not_depend_on_the_open_circuit_voltage() -> None:
    voltages = np.array([response(80.0, 30.0)])
    for one, other in zip(resistances(voltages).values(), resistances(voltages + 0.5).values(), strict=True):
        assert one == pytest.approx(other)


def test_soc_is_a_feature_only_where_it_is_known() -> None:
    voltages = np.array([response(80.0, 30.0)])
    assert "soc" in features(voltages, np.array([30.0]))
    assert "soc" not in features(voltages, None)
