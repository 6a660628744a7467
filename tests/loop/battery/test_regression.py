"""Learning of length scales rests on a gradient and on a closed form; both are checked against what they stand for."""

import numpy as np
import pytest

from vehiclenest.loop.battery.regression import Kernel, Objective, Problem, Term, fit, prepared, term_inputs

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
    problem = Problem(kernel, term_inputs(kernel, blocks, centre, spread), (target - 80) / 5, cells, 0.4)
    theta = problem.start() + 0.1
    slope = [(problem.loss(theta + step)[0] - problem.loss(theta - step)[0]) / 2e-5 for step in 1e-5 * np.eye(len(theta))]
    free = 0 if objective == "left_out_cells" else 2  # noise and shared covariance are not both learnt by the likelihood
    assert problem.loss(theta)[1][free:] == pytest.approx(np.array(slope[free:]), abs=1e-5)


def test_a_left_out_cell_is_predicted_as_if_it_had_never_been_there() -> None:
    blocks, target, cells = data()
    fitted = fit(Kernel(TERMS, "left_out_cells"), blocks, target, cells)
    rest, gone = np.flatnonzero(cells != 2), np.flatnonzero(cells == 2)
    problem = Problem(fitted.kernel, term_inputs(fitted.kernel, blocks, fitted.centre, fitted.spread), target, cells, 1.0)
    covariance, _ = problem.covariance(fitted.theta)
    standard = (target - fitted.mean) / fitted.scale
    without = covariance[np.ix_(gone, rest)] @ np.linalg.solve(covariance[np.ix_(rest, rest)], standard[rest])
    assert fitted.left_out[gone] == pytest.approx(fitted.mean + fitted.scale * without, abs=1e-6)


def test_a_prediction_is_the_covariance_with_the_training_tests_times_their_weights() -> None:
    blocks, target, cells = data()
    fitted = fit(Kernel(TERMS, "likelihood"), blocks, target, cells)
    problem = Problem(fitted.kernel, term_inputs(fitted.kernel, blocks, fitted.centre, fitted.spread), target, cells, 1.0)
    covariance = sum(part for part, _ in problem.covariance(fitted.theta)[1])
    assert prepared(fitted, blocks)(blocks) == pytest.approx(fitted.mean + fitted.scale * (covariance @ fitted.weights))
