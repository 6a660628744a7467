"""Real cells: what PyBaMM and the tests say of resistance beyond the learnt SOC."""

from pathlib import Path

import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.loop.battery.learn import read_tests
from vehiclenest.loop.battery.physics import check


def test_resistance_varies_slowly_beyond_the_learnt_soc_in_physics_and_in_cells(data_folder: Path) -> None:
    pytest.importorskip("pybamm", reason="the extra battery-physics is not installed")
    types, _ = read_tests([data_folder / "battery/pulsebat/NMC_21Ah-pulse-5s.csv"], {})
    found = check("NMC", types["NMC 21 Ah"][2], 40.0, 50.0)
    assert found.slow
    assert found.simulated_change != 0.0


def test_a_chemistry_without_parameters_is_said(data_folder: Path) -> None:
    types, _ = read_tests([data_folder / "battery/pulsebat/NMC_21Ah-pulse-5s.csv"], {})
    with pytest.raises(InputError, match="no parameters of LMO"):
        check("LMO", types["NMC 21 Ah"][2], 40.0, 50.0)
