"""Gaussian-process regression that knows which tests come from one cell.

A kernel is a sum of squared exponentials, each with one length scale per group of features. Length scales are learnt either by the
marginal likelihood (Rasmussen and Williams 2006, 5.4.1) or by the error made on cells left out, in closed form: with K the covariance
of all tests, the residual of the tests g of a cell predicted from all other cells is [(K⁻¹)gg]⁻¹ (K⁻¹y)g (ibid. 5.4.2, for a block).
The second kind also has a covariance shared by the tests of one cell, so that ten tests of a cell do not count as ten cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
Blocks = Mapping[str, Array]
Objective = Literal["likelihood", "left_out_cells"]
_STEPS = 200  # of the optimiser; it converges in 20 to 100
_REACH = 8.0  # how far, in logarithms, a hyperparameter may leave its start
_NO_SHARED = -30.0  # logarithm of a covariance that is none
_CORNER = 2.0  # SOH points: errors count squared below, by their size above (pseudo-Huber)
_START_NOISE = -2.3  # logarithm of a tenth of the variance
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Term:
    """One squared exponential: groups of feature blocks, and where its logarithmic amplitude and length scales start."""

    groups: tuple[tuple[str, ...], ...]
    amplitude: float
    lengths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Terms of a kernel and how its hyperparameters are learnt."""

    terms: tuple[Term, ...]
    objective: Objective


@dataclass(frozen=True, slots=True)
class Fitted:
    """A learnt regression: everything needed to predict, as plain arrays.

    `theta` holds logarithms: noise, shared covariance, then per term its amplitude and length scales. `weights` are K⁻¹y over the
    training tests; `left_out` are predictions of each training test by all other cells.
    """

    kernel: Kernel
    theta: Array
    centre: dict[str, Array]
    spread: dict[str, Array]
    mean: float
    scale: float
    weights: Array
    left_out: Array


def fit(kernel: Kernel, blocks: Blocks, target: Array, cells: NDArray[np.int64]) -> Fitted:
    """Learn a regression.

    Parameters
    ----------
    kernel
        Its terms and objective.
    blocks
        Features by block name, each of shape (tests, features of the block).
    target
        SOH in percent, shape (tests,).
    cells
        Number of the physical cell of each test.
    """
    centre = {name: block.mean(axis=0) for name, block in blocks.items()}
    spread = {name: block.std(axis=0) + _TINY for name, block in blocks.items()}
    mean, scale = float(target.mean()), float(target.std()) or 1.0
    problem = Problem(kernel, term_inputs(kernel, blocks, centre, spread), (target - mean) / scale, cells, _CORNER / scale)
    start = problem.start()
    bounds = [(value - _REACH, value + _REACH) for value in start]
    if kernel.objective == "likelihood":
        bounds[1] = (_NO_SHARED, _NO_SHARED)
    found = cast("Any", minimize(problem.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS}))
    theta: Array = np.asarray(found.x, dtype=np.float64)
    inverse = problem.inverse(theta)
    weights = inverse @ problem.target
    left_out = mean + scale * (problem.target - problem.residuals(inverse, weights))
    return Fitted(kernel, theta, centre, spread, mean, scale, weights, left_out)


def prepared(fitted: Fitted, training: Blocks) -> Callable[[Blocks], Array]:
    """Return the function from features of new tests to their SOH in percent; what it needs of the training tests is computed once."""
    scaled = [(known / length, amplitude) for (known, _), (length, amplitude) in zip(
        term_inputs(fitted.kernel, training, fitted.centre, fitted.spread), _scales(fitted), strict=True)]  # fmt: skip
    squares = [(known**2).sum(axis=1) for known, _ in scaled]
    weights = fitted.scale * fitted.weights
    lengths = [length for length, _ in _scales(fitted)]

    def answer(blocks: Blocks) -> Array:
        new = term_inputs(fitted.kernel, blocks, fitted.centre, fitted.spread)
        total = np.full(len(new[0][0]), fitted.mean)
        for (inputs, _), length, (known, amplitude), square in zip(new, lengths, scaled, squares, strict=True):
            rows = inputs / length
            exponent = rows @ known.T
            exponent -= 0.5 * square
            exponent -= 0.5 * (rows**2).sum(axis=1)[:, None]
            np.minimum(exponent, 0.0, out=exponent)
            np.exp(exponent, out=exponent)
            total += amplitude * (exponent @ weights)
        return total

    return answer


def _scales(fitted: Fitted) -> list[tuple[Array, float]]:
    found: list[tuple[Array, float]] = []
    position = 2
    for term in fitted.kernel.terms:
        lengths = np.exp(fitted.theta[position + 1 : position + 1 + len(term.groups)])
        sizes = [sum(len(fitted.centre[name]) for name in group) for group in term.groups]
        found.append((np.repeat(lengths, sizes), float(np.exp(fitted.theta[position]))))
        position += 1 + len(term.groups)
    return found


_Inputs = Sequence[tuple[Array, NDArray[np.int64]]]


def term_inputs(kernel: Kernel, blocks: Blocks, centre: Blocks, spread: Blocks) -> list[tuple[Array, NDArray[np.int64]]]:
    """Return for each term its standardised features side by side, and the group of each."""
    found: list[tuple[Array, NDArray[np.int64]]] = []
    for term in kernel.terms:
        columns = [
            (group, (blocks[name] - centre[name]) / spread[name]) for group, names in enumerate(term.groups) for name in names
        ]
        groups = np.concatenate([np.full(block.shape[1], group, dtype=np.int64) for group, block in columns])
        found.append((np.hstack([block for _, block in columns]), groups))
    return found


def _covariance(theta: Array, left: _Inputs, right: _Inputs) -> tuple[Array, list[tuple[Array, Array]]]:
    """Return the covariance of two sets of tests, and for each term its own with the scaled features on the left."""
    position = 2
    parts: list[tuple[Array, Array]] = []
    total = np.zeros((len(left[0][0]), len(right[0][0])))
    for (one, groups), (other, _) in zip(left, right, strict=True):
        count = int(groups.max()) + 1
        scale = np.exp(-theta[position + 1 : position + 1 + count])[groups]
        a, b = one * scale, other * scale
        distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * (a @ b.T)
        part = np.exp(theta[position] - 0.5 * np.maximum(distance, 0.0))
        total += part
        parts.append((part, a))
        position += 1 + count
    return total, parts


def _inverse(matrix: Array) -> Array:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


class Problem:
    """Loss and gradient over the logarithms of the hyperparameters."""

    def __init__(self, kernel: Kernel, inputs: _Inputs, target: Array, cells: NDArray[np.int64], corner: float) -> None:
        self.kernel = kernel
        self.inputs = inputs
        self.target = target
        self.same = (cells[:, None] == cells).astype(np.float64)
        self.blocks = [np.flatnonzero(cells == cell) for cell in np.unique(cells)]
        self.corner = corner

    def start(self) -> Array:
        """Return where the optimiser starts."""
        shared = _NO_SHARED if self.kernel.objective == "likelihood" else _START_NOISE
        terms = [value for term in self.kernel.terms for value in (term.amplitude, *term.lengths)]
        return np.array([_START_NOISE, shared, *terms])

    def covariance(self, theta: Array) -> tuple[Array, list[tuple[Array, Array]]]:
        """Return the covariance of the training tests, and the parts of its terms."""
        total, parts = _covariance(theta, self.inputs, self.inputs)
        return total + np.exp(theta[0]) * np.eye(len(total)) + np.exp(theta[1]) * self.same, parts

    def inverse(self, theta: Array) -> Array:
        """Return the inverse of the covariance."""
        return _inverse(self.covariance(theta)[0])

    def residuals(self, inverse: Array, weights: Array) -> Array:
        """Return target less what all other cells predict of it, standardised."""
        found = np.empty_like(weights)
        for block in self.blocks:
            found[block] = np.linalg.solve(inverse[np.ix_(block, block)], weights[block])
        return found

    def loss(self, theta: Array) -> tuple[float, Array]:
        """Return the loss per test and its gradient."""
        covariance, parts = self.covariance(theta)
        try:
            lower = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            return 1e6, np.zeros_like(theta)
        inverse = _inverse(covariance)
        weights = inverse @ self.target
        if self.kernel.objective == "likelihood":
            loss = float(0.5 * self.target @ weights + np.log(np.diag(lower)).sum())
            sensitivity = 0.5 * (inverse - np.outer(weights, weights))
        else:
            loss, sensitivity = self._left_out(inverse, weights)
        count = len(self.target)
        return loss / count, self._gradient(theta, parts, sensitivity) / count

    def _left_out(self, inverse: Array, weights: Array) -> tuple[float, Array]:
        """Return the pseudo-Huber loss of left-out cells and its derivative by the covariance (adjoint of the closed form)."""
        loss = 0.0
        adjoint = np.empty_like(weights)
        one = np.empty((len(weights), len(self.blocks)))
        other = np.empty_like(one)
        for number, block in enumerate(self.blocks):
            inner = np.linalg.inv(inverse[np.ix_(block, block)])
            residual = inner @ weights[block]
            bend = np.sqrt(1.0 + (residual / self.corner) ** 2)
            loss += float(self.corner**2 * (bend - 1.0).sum())
            adjoint[block] = inner @ (residual / bend)
            one[:, number] = inverse[:, block] @ adjoint[block]
            other[:, number] = inverse[:, block] @ residual
        sensitivity = one @ other.T - np.outer(inverse @ adjoint, weights)
        return loss, 0.5 * (sensitivity + sensitivity.T)

    def _gradient(self, theta: Array, parts: list[tuple[Array, Array]], sensitivity: Array) -> Array:
        gradient = np.zeros_like(theta)
        gradient[0] = np.exp(theta[0]) * np.trace(sensitivity)
        if self.kernel.objective != "likelihood":
            gradient[1] = np.exp(theta[1]) * (sensitivity * self.same).sum()
        position = 2
        for (part, scaled), (_, groups) in zip(parts, self.inputs, strict=True):
            weighted = sensitivity * part
            gradient[position] = weighted.sum()
            by_feature = 2.0 * (
                (weighted.sum(axis=1)[:, None] * scaled**2).sum(axis=0) - (scaled * (weighted @ scaled)).sum(axis=0)
            )
            count = int(groups.max()) + 1
            gradient[position + 1 : position + 1 + count] = np.bincount(groups, by_feature, minlength=count)
            position += 1 + count
        return gradient
