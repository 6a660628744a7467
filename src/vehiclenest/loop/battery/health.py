"""SOH of one type of cell from pulse tests: a mean of Gaussian processes, conformal intervals, the range in which they hold.

With SOC known four regressions are averaged: two on voltages and SOC, two on logarithms of resistances. Beyond the learnt SOC only the
one on resistances with the marginal likelihood answers: resistances vary slowly with SOC there, voltages do not (`validate.forward`
shows it on SOC that was held back). With SOC unknown the regressions know voltages and resistances alone.
"""

from collections.abc import Callable

import numpy as np

from vehiclenest.loop.battery.model import SOC_MODES, Array, PulseTests, SocMode, TypeModel, Width
from vehiclenest.loop.battery.pulse import features, resistances
from vehiclenest.loop.battery.regression import Fitted, Kernel, Objective, Term, fit, prepared

COVERAGE = 0.90
_HIGHEST_LEVEL = 0.95  # above it the quantile would be the error of one single cell
_DOMAIN_MARGIN = 0.35  # of the learnt range of a feature, to either side
_EXTRAPOLATING = 3  # place of the member of `known` that answers beyond the learnt SOC
_SOC_STEP = 0.5  # percent: closer to the learnt range counts as inside
_KINDS = ("log_on", "log_polarisation", "log_off", "log_relaxation")


def _smooth_and_fine(*blocks: str) -> tuple[Term, ...]:
    """Return a smooth term of large amplitude, much as a polynomial, and a small one for detail."""
    return Term((blocks,), 2.0, (2.3,)), Term((blocks,), -1.0, (0.0,))


def _resistances(amplitude: float, length: float, *more: str) -> Term:
    groups = (("open_circuit",), *((kind,) for kind in _KINDS), *((name,) for name in more))
    return Term(groups, amplitude, (length,) * len(groups))


def _kernel(objective: Objective, *terms: Term) -> Kernel:
    return Kernel(terms, objective)


# Starts of the optimiser are logarithms in units of the features' standard deviations.
MEMBERS: dict[SocMode, tuple[Kernel, ...]] = {
    "known": (
        _kernel("likelihood", *_smooth_and_fine("voltage", "soc")),
        _kernel("left_out_cells", *_smooth_and_fine("voltage", "soc")),
        _kernel("left_out_cells", _resistances(1.0, 2.0, "soc")),
        _kernel("likelihood", _resistances(1.0, 2.0, "soc")),
    ),
    "unknown": (
        _kernel("likelihood", *_smooth_and_fine("voltage")),
        _kernel("left_out_cells", *_smooth_and_fine("voltage")),
        _kernel("left_out_cells", _smooth_and_fine("voltage")[0], _resistances(-1.0, 1.5)),
        _kernel("likelihood", Term((("voltage",), ("drift",), _KINDS), 2.0, (2.3, 2.0, 2.0))),
    ),
}


def learn_type(chemistry: str, nominal_ah: float, tests: PulseTests, modes: tuple[SocMode, ...] = SOC_MODES) -> TypeModel:
    """Learn one type of cell from its tests."""
    members: dict[SocMode, tuple[Fitted, ...]] = {}
    widths: dict[SocMode, Width] = {}
    for mode in modes:
        blocks = features(tests.voltages, tests.soc if mode == "known" else None)
        members[mode] = tuple(fit(kernel, blocks, tests.soh, tests.cells) for kernel in MEMBERS[mode])
        left_out = np.mean([member.left_out for member in members[mode]], axis=0)
        widths[mode] = _width(left_out - tests.soh, tests)
    low, high = _domain(tests.voltages)
    return TypeModel(chemistry, nominal_ah, tests.voltages, tests.soc, members, widths, low, high)


def estimator(model: TypeModel, mode: SocMode) -> Callable[[Array, Array], Array]:
    """Return the function from voltages (tests, 21) and SOC (tests,) to SOH (tests,); SOC is not looked at where unknown."""
    known = mode == "known"
    training = features(model.voltages, model.soc if known else None)
    answers = [prepared(member, training) for member in model.members[mode]]

    def estimate(voltages: Array, soc: Array) -> Array:
        blocks = features(voltages, soc if known else None)
        found = np.mean([answer(blocks) for answer in answers], axis=0)
        if known and (beyond := beyond_learnt(model, soc)).any():
            outside = {name: block[beyond] for name, block in blocks.items()}
            found[beyond] = answers[_EXTRAPOLATING](outside)
        return found

    return estimate


def beyond_learnt(model: TypeModel, soc: Array) -> np.ndarray:
    """Return which SOC lie outside of the learnt range."""
    return (soc < model.soc.min() - _SOC_STEP) | (soc > model.soc.max() + _SOC_STEP)


def domain_values(voltages: Array) -> Array:
    """Return what has to lie in the learnt range: open-circuit voltage in V, logarithms of the four mean resistances; (tests, 5)."""
    by_kind = resistances(voltages)
    means = [by_kind[kind].mean(axis=1) for kind in ("on", "polarisation", "off", "relaxation")]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.column_stack([voltages[:, 0], *(np.where(mean > 0, np.log(np.abs(mean)), -np.inf) for mean in means)])


def _domain(voltages: Array) -> tuple[Array, Array]:
    values = domain_values(voltages)
    low, high = values.min(axis=0), values.max(axis=0)
    margin = _DOMAIN_MARGIN * (high - low)
    return low - margin, high + margin


def _width(errors: Array, tests: PulseTests) -> Width:
    """Return the conformal half-widths, calibrated on the errors of left-out cells: of one test, and of a cell's tests combined.

    Every physical cell counts once, however often it was tested. With K cells the quantile is raised to (K + 1)/K of the coverage,
    as for exchangeable cells (Lei et al. 2018), and no further than `_HIGHEST_LEVEL`: with fewer than 17 cells that raise is not whole, and
    with fewer than nine no quantile of their errors could vouch for 90 %.
    """
    weight = 1.0 / np.bincount(tests.cells)[tests.cells]
    single = _quantile(np.abs(errors), weight, len(np.unique(tests.cells)))
    states, first, inverse, count = np.unique(tests.states, return_index=True, return_inverse=True, return_counts=True)
    means = np.abs(np.bincount(inverse, errors) / count)
    per_cell = 1.0 / np.bincount(tests.cells[first])[tests.cells[first]]
    together = min(single, _quantile(means, per_cell, len(np.unique(tests.cells))))
    typical = float(np.mean(count))
    if len(states) == len(errors) or typical <= 1.0:
        return Width(single, 0.0)
    own = (single**2 - together**2) / (1.0 - 1.0 / typical)
    return Width(float(np.sqrt(max(single**2 - own, 0.0))), float(np.sqrt(own)))


def _quantile(values: Array, weights: Array, cells: int) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    level = min(_HIGHEST_LEVEL, COVERAGE * (cells + 1) / cells)
    return float(values[order][min(np.searchsorted(share, level - 1e-12), len(values) - 1)])
