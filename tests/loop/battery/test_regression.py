"""Learning of length scales rests on a gradient and on a closed form; both are checked against what they stand for."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from vehiclenest.loop.battery.regression import Kernel, Objective, Term, _inputs, _Problem, fit, predict, prepared

TERMS = (Term((("a", "b"),), 0.0, (1.0,)), Term((("a",), ("b",)), -1.0, (0.5, 1.0)))


def data(cells: int = 6, each: int = 4) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(cells * each, 2)), random.normal(size=(cells * each, 1))
    cell = np.repeat(np.arange(cells), each)
    return {"a": a, "b": b}, 80 + 5 * a[:, 0] - 3 * b[:, 0] + random.normal(size=cells)[cell], cell


@pytest.mark.parametrize("objective", ["likelihood", "left_out_cells"])
def test_the_gradient_is_the_slope_of_the_loss(objective: Objective) -> None:
    blocks, target, cells = data()
    kernel = Kernel(TERMS, objective)
    centre = {name: block.mean(axis=0) for name, block in blocks.items()}
    spread = {name: block.std(axis=0) for name, block in blocks.items()}
    problem = _Problem(kernel, _inputs(kernel, blocks, centre, spread), (target - 80) / 5, cells, 0.4)
    theta = problem.start() + 0.1
    free = slice(None) if objective == "left_out_cells" else slice(2, None)
    slope = approx_fprime(theta, lambda point: problem.loss(point)[0], 1e-6)
    assert problem.loss(theta)[1][free] == pytest.approx(slope[free], abs=1e-5)


def test_a_left_out_cell_is_predicted_as_if_it_had_never_been_there() -> None:
    blocks, target, cells = data()
    fitted = fit(Kernel(TERMS, "left_out_cells"), blocks, target, cells)
    rest, gone = np.flatnonzero(cells != 2), np.flatnonzero(cells == 2)
    problem = _Problem(fitted.kernel, _inputs(fitted.kernel, blocks, fitted.centre, fitted.spread), target, cells, 1.0)
    covariance, _ = problem.covariance(fitted.theta)
    standard = (target - fitted.mean) / fitted.scale
    without = covariance[np.ix_(gone, rest)] @ np.linalg.solve(covariance[np.ix_(rest, rest)], standard[rest])
    assert fitted.left_out[gone] == pytest.approx(fitted.mean + fitted.scale * without, abs=1e-6)


def test_the_prepared_prediction_is_the_plain_one() -> None:
    blocks, target, cells = data()
    fitted = fit(Kernel(TERMS, "likelihood"), blocks, target, cells)
    new = {name: block[:5] + 0.1 for name, block in blocks.items()}
    assert prepared(fitted, blocks)(new) == pytest.approx(predict(fitted, blocks, new))
