"""Prediction averaged over what a small sheet leaves open about its variances.

A panel of nine judges says little about how far judges differ, and a plug-in estimate of it that falls to nothing or too high costs more
rank than it saves. So the prediction is averaged over the restricted likelihood (Patterson and Thompson 1971; Harville 1974) on a grid
that narrows to where the likelihood is. Beforehand every split of the variance among entry, judge, the judge's taste for the entry and
noise is as likely as any other; the last two cannot be told apart and make up the rest.
"""

from dataclasses import dataclass

import numpy as np

from vehiclenest.contest.scoring.equations import Equations, Variances
from vehiclenest.contest.scoring.sheet import Floats
from vehiclenest.contest.scoring.table import number


@dataclass(frozen=True, slots=True)
class Prediction:
    """Mean, entries and judges as predicted, the entries' standard deviation, and the variances behind it."""

    mean: float
    entry: Floats
    judge: Floats
    deviation: Floats
    variances: Variances


@dataclass(frozen=True, slots=True)
class _Point:
    """One split of the variance: logarithms of entry over rest and judge over rest, weight, and what it predicts."""

    split: tuple[float, float]
    log_weight: float
    rest: float
    entry: Floats
    judge: Floats
    mean: float


def averaged(equations: Equations) -> Prediction:
    """Return the prediction averaged over the restricted likelihood of the variances."""
    widest = number("severity", "widest_log_ratio")
    steps = int(number("severity", "grid_steps"))
    low: Floats = np.full(2, -widest)
    high: Floats = np.full(2, widest)
    points: list[_Point] = []
    for _ in range(int(number("severity", "grid_rounds"))):
        entries, judges = (_steps(float(low[axis]), float(high[axis]), steps) for axis in (0, 1))
        points = [_point(equations, entry, judge) for entry in entries for judge in judges]
        best = max(point.log_weight for point in points)
        held = np.array([point.split for point in points if point.log_weight > best - number("severity", "grid_depth")])
        margin = (high - low) / (steps - 1)
        low, high = np.maximum(held.min(axis=0) - margin, -widest), np.minimum(held.max(axis=0) + margin, widest)
    return _average(equations, points)


def _steps(low: float, high: float, count: int) -> list[float]:
    return [low + (high - low) * step / (count - 1) for step in range(count)]


def _average(equations: Equations, points: list[_Point]) -> Prediction:
    weights = np.exp([point.log_weight - max(point.log_weight for point in points) for point in points])
    weights /= weights.sum()
    predicted = np.array([point.mean + point.entry for point in points])
    value = weights @ predicted
    ratios = np.exp([point.split for point in points])
    rest = np.array([point.rest for point in points])
    found = Variances(float(weights @ (rest * ratios[:, 0])), float(weights @ (rest * ratios[:, 1])), float(weights @ rest))
    between = weights @ (predicted - value) ** 2
    mean = float(weights @ np.array([point.mean for point in points]))
    return Prediction(
        mean,
        value - mean,
        weights @ np.array([point.judge for point in points]),
        np.sqrt(equations.deviation(found) ** 2 + between),
        found,
    )


def _point(equations: Equations, log_entry: float, log_judge: float) -> _Point:
    """Weigh one split: restricted likelihood, the scale integrated out, times the density of the shares in these coordinates."""
    shrink = np.exp(-log_entry), np.exp(-log_judge)
    points, ones = equations.points, np.ones_like(equations.points)
    entry, judge = equations.solve(points, *shrink)
    entry_of_one, judge_of_one = equations.solve(ones, *shrink)
    left = points - entry[equations.entry] - judge[equations.judge]
    information = float((ones - entry_of_one[equations.entry] - judge_of_one[equations.judge]).sum())
    mean = float(left.sum()) / information
    squares = max(float(points @ left) - mean**2 * information, np.finfo(float).tiny)
    free = len(points) - 1
    log_size = (
        np.log(equations.of_entry + shrink[0]).sum()
        + np.linalg.slogdet(equations.matrix(*shrink))[1]
        + len(entry) * log_entry
        + len(judge) * log_judge
    )
    likelihood = -0.5 * (free * np.log(squares) + log_size + np.log(information))
    shares = (
        log_entry + log_judge - (2 + number("severity", "parts_of_rest")) * np.logaddexp(0.0, np.logaddexp(log_entry, log_judge))
    )
    return _Point(
        (log_entry, log_judge),
        float(likelihood + shares),
        squares / free,
        entry - mean * entry_of_one,
        judge - mean * judge_of_one,
        mean,
    )
