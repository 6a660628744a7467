"""A model of simulated cells knows their health, its own doubt, and where it ends."""

from pathlib import Path

import numpy as np
import pytest
from tests.loop.battery.conftest import response

from vehiclenest.loop.battery.health import domain_values, estimator
from vehiclenest.loop.battery.learn import read_tests
from vehiclenest.loop.battery.model import HealthModel, PulseTests, SocMode, Width
from vehiclenest.loop.battery.validate import cross_validate, folds, forward

Types = dict[str, tuple[str, float, PulseTests]]


@pytest.mark.parametrize("mode", ["known", "unknown"])
def test_a_cell_that_was_never_seen_is_estimated_within_the_interval(model: HealthModel, mode: SocMode) -> None:
    found = model.types["LFP 35 Ah"]
    voltages, soc = np.array([response(soh, 25.0) for soh in (65, 77, 88)]), np.full(3, 25.0)
    error = np.abs(estimator(found, mode)(voltages, soc) - [65, 77, 88])
    assert (error < found.widths[mode].of(1) + 1.5).all()


def test_resistances_answer_beyond_the_learnt_soc(model: HealthModel) -> None:
    found = model.types["LFP 35 Ah"]
    estimate = estimator(found, "known")(np.array([response(80.0, 48.0)]), np.array([48.0]))
    assert estimate == pytest.approx(80.0, abs=3.0)


def test_more_tests_of_a_cell_narrow_the_interval_down_to_what_they_share() -> None:
    width = Width(3.0, 4.0)
    assert width.of(1) == pytest.approx(5.0)
    assert width.of(10**9) == pytest.approx(3.0)


def test_a_response_of_the_wrong_sign_has_no_place_in_the_domain() -> None:
    assert np.isneginf(domain_values(np.array([response(80.0, 30.0, scale=-1.0)]))[0, 1:]).all()


def test_no_fold_splits_a_cell_and_every_test_is_held_out_once() -> None:
    cells = np.array([0, 0, 1, 1, 1, 2, 3, 4, 5, 5])
    groups = folds(cells)
    assert sorted(np.concatenate(groups).tolist()) == list(range(10))
    assert all(len({number for number, group in enumerate(groups) if (cells[group] == cell).any()}) == 1 for cell in range(6))


def test_cross_validation_reports_a_type_and_all_together(types: Types) -> None:
    seen: list[tuple[int, int]] = []

    def show(_stage: str, done: int, total: int) -> None:
        seen.append((done, total))

    chosen = {name: types[name] for name in ("LFP 35 Ah",)}
    report = cross_validate(chosen, show)
    assert seen[-1] == (10, 10)
    pooled = report["known"]["pooled"]
    assert pooled["tests"] == len(types["LFP 35 Ah"][2])
    assert pooled["cells"] == 12
    assert report["known"]["LFP 35 Ah"] == pooled
    assert pooled["mae"] < 1.0
    assert report["unknown"]["pooled"]["coverage"] > 0.7


@pytest.mark.parametrize("new_cells", [False, True])
def test_soc_that_was_held_back_is_extrapolated(types: Types, new_cells: bool) -> None:
    assert forward(*types["LFP 35 Ah"], 30.0, new_cells=new_cells) < 0.03


@pytest.mark.slow
def test_real_cells_at_soc_that_was_held_back_stay_within_six_percent(data_folder: Path) -> None:
    types, _ = read_tests([data_folder / "battery/pulsebat/NMC_21Ah-pulse-5s.csv"], {})
    assert forward(*types["NMC 21 Ah"], 40.0, new_cells=False) < 0.06
