"""Learns the compact model: ridge regression whose penalty and interval come from cells left out, and the mean response at one SOC."""

from collections.abc import Mapping

import numpy as np

from vehiclenest.loop.battery.compact import CompactModel, CompactType, feature_values, terms
from vehiclenest.loop.battery.health import COVERAGE
from vehiclenest.loop.battery.model import Array, PulseTests
from vehiclenest.loop.battery.pulse import resistances
from vehiclenest.loop.battery.validate import folds

_PENALTIES = tuple(float(value) for value in np.logspace(-3, 3, 13))
_DIGITS = 6  # significant digits that are kept


def learn_compact(types: Mapping[str, tuple[str, float, PulseTests]], data_sha256: str) -> CompactModel:
    """Learn the compact model of each type."""
    return CompactModel({key: _learn(*found) for key, found in types.items()}, data_sha256)


def _learn(chemistry: str, nominal: float, tests: PulseTests) -> CompactType:
    values = np.array([feature_values(voltages, soc) for voltages, soc in zip(tests.voltages, tests.soc, strict=True)])
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    design = np.array([terms(row) for row in (values - centre) / spread])
    errors = {penalty: _left_out(design, tests, penalty) for penalty in _PENALTIES}
    penalty = min(errors, key=lambda value: float(np.abs(errors[value]).mean()))
    soc = float(tests.soc.max())
    tested = tests.part(np.flatnonzero(tests.soc == soc))
    mean = float(tested.soh.mean())
    centred = np.column_stack([np.ones(len(tested)), tested.soh - mean])
    line = _least_squares(centred, tested.voltages)
    resistance = np.log(resistances(tested.voltages)["on"].mean(axis=1))
    scatter = float(np.std(resistance - centred @ _least_squares(centred, resistance)))
    return CompactType(
        chemistry,
        nominal,
        _rounded(centre),
        _rounded(spread),
        _rounded(_ridge(design, tests.soh, penalty)),
        round(float(np.quantile(np.abs(errors[penalty]), COVERAGE)), 2),
        soc,
        _rounded(line[0]),
        _rounded(line[1]),
        round(mean, 2),
        round(float(tested.soh.min()), 2),
        round(float(tested.soh.max()), 2),
        round(scatter, 4),
    )


def _ridge(design: Array, target: Array, penalty: float) -> Array:
    penalties = np.full(design.shape[1], penalty)
    penalties[0] = 0.0  # the mean is not drawn to zero
    return np.asarray(np.linalg.solve(design.T @ design + np.diag(penalties), design.T @ target), dtype=np.float64)


def _least_squares(design: Array, target: Array) -> Array:
    return np.asarray(np.linalg.lstsq(design, target)[0], dtype=np.float64)


def _left_out(design: Array, tests: PulseTests, penalty: float) -> Array:
    errors = np.empty(len(tests))
    for held in folds(tests.cells):
        rest = np.setdiff1d(np.arange(len(tests)), held)
        errors[held] = design[held] @ _ridge(design[rest], tests.soh[rest], penalty) - tests.soh[held]
    return errors


def _rounded(values: Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
