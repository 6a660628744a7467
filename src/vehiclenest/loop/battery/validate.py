"""Cross-validation of the SOH model: folds never split a physical cell; what is reported was never seen in learning.

Hyperparameters, averages and intervals of a fold come from its training cells alone.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from vehiclenest.loop.battery.health import beyond_learnt, estimator, learn_type
from vehiclenest.loop.battery.model import SOC_MODES, Array, PulseTests

FOLDS = 5
Progress = Callable[[str, int, int], None]


def folds(cells: NDArray[np.int64], count: int = FOLDS) -> list[NDArray[np.int64]]:
    """Return the tests of each fold: whole cells, the largest first, each to the fold that holds fewest tests (deterministic)."""
    found, sizes = np.unique(cells, return_counts=True)
    held = np.zeros(min(count, len(found)), dtype=np.int64)
    fold_of: dict[int, int] = {}
    for cell in found[np.argsort(-sizes, kind="stable")]:
        fold = int(np.argmin(held))
        fold_of[int(cell)] = fold
        held[fold] += sizes[found == cell][0]
    number = np.array([fold_of[int(cell)] for cell in cells])
    return [np.flatnonzero(number == fold) for fold in range(len(held))]


def cross_validate(
    types: Mapping[str, tuple[str, float, PulseTests]], progress: Progress
) -> dict[str, dict[str, dict[str, float]]]:
    """Return for each mode and type, and pooled, the errors on left-out cells.

    `mae` and `mape` are per test, in SOH points and percent; `mae_combined` of the tests of a cell's state combined; `coverage` of the
    90 % interval with every physical cell counted once (a fraction); `width` its mean width in SOH points.
    """
    done, total = 0, FOLDS * len(types) * len(SOC_MODES)
    report: dict[str, dict[str, dict[str, float]]] = {}
    for mode in SOC_MODES:
        pooled: list[dict[str, Array]] = []
        report[mode] = {}
        for name, (chemistry, nominal, tests) in types.items():
            errors, halves = np.empty(len(tests)), np.empty(len(tests))
            for held in folds(tests.cells):
                learnt = learn_type(chemistry, nominal, tests.part(np.setdiff1d(np.arange(len(tests)), held)), (mode,))
                estimate = estimator(learnt, mode)
                errors[held] = estimate(tests.voltages[held], tests.soc[held]) - tests.soh[held]
                halves[held] = learnt.widths[mode].of(1)
                done += 1
                progress("folds", done, total)
            pooled.append(_columns(errors, halves, tests))
            report[mode][name] = _summary(pooled[-1])
        report[mode]["pooled"] = _summary({key: np.concatenate([part[key] for part in pooled]) for key in pooled[0]})
    return report


def _columns(errors: Array, halves: Array, tests: PulseTests) -> dict[str, Array]:
    _, inverse, count = np.unique(tests.states, return_inverse=True, return_counts=True)
    combined = np.abs(np.bincount(inverse, errors) / count)[inverse]
    return {
        "error": np.abs(errors),
        "relative": np.abs(errors) / tests.soh,
        "combined": combined,
        "covered": (np.abs(errors) <= halves).astype(np.float64),
        "width": 2.0 * halves,
        "weight": 1.0 / np.bincount(tests.cells)[tests.cells],
    }


def _summary(columns: Mapping[str, Array]) -> dict[str, float]:
    return {
        "tests": len(columns["error"]),
        "cells": round(float(columns["weight"].sum())),
        "mae": float(columns["error"].mean()),
        "mape": float(columns["relative"].mean()),
        "mae_combined": float(columns["combined"].mean()),
        "coverage": float(np.average(columns["covered"], weights=columns["weight"])),
        "coverage_of_tests": float(columns["covered"].mean()),
        "width": float(np.average(columns["width"], weights=columns["weight"])),
    }


def forward(chemistry: str, nominal: float, tests: PulseTests, learnt_to: float, *, new_cells: bool) -> float:
    """Return the MAPE (a fraction) at SOC above `learnt_to`, learnt at SOC up to it.

    With `new_cells` the cells that are tested were not learnt from either (folds of whole cells).
    """
    above = tests.soc > learnt_to
    errors = np.full(len(tests), np.nan)
    groups = folds(tests.cells) if new_cells else [np.arange(len(tests))]
    for group in groups:
        held = group[above[group]]
        rest = np.setdiff1d(np.arange(len(tests)), group) if new_cells else np.arange(len(tests))
        learnt = learn_type(chemistry, nominal, tests.part(rest[~above[rest]]), ("known",))
        assert beyond_learnt(learnt, tests.soc[held]).all()  # noqa: S101  # what was held back is beyond what was learnt
        estimate = estimator(learnt, "known")
        errors[held] = np.abs(estimate(tests.voltages[held], tests.soc[held]) - tests.soh[held]) / tests.soh[held]
    return float(np.nanmean(errors))
