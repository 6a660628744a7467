"""The depth of a dent at its apex: a raised cosine fitted to the single points, so that averaging does not flatten it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from vehiclenest.loop.inspect.surface_kernels import Real

_CLIP = 4.0
_FIVE = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """Depth at the apex and its standard deviation, half width, all in mm; volume of the profile in mm³."""

    depth: float
    deviation: float
    half_width: float
    volume: float


def fit_profile(plane: Real, heights: Real, depth: float, half_width: float, noise_mm: float) -> Profile | None:
    """Fit depth · (1 + cos(π r/R)) / 2 and a constant to heights (n,) at places (n, 2) about the seed, in mm; None where it fails.

    The deviation holds what the points do not follow the profile by.
    """
    keep = np.ones(len(heights), dtype=np.bool_)
    start = np.array([depth, 0.0, 0.0, half_width, 0.0])
    for _ in range(2):
        if np.count_nonzero(keep) <= 2 * _FIVE:
            return None
        found: Any = least_squares(_misfit, start, jac=_slopes, method="lm", args=(plane[keep], heights[keep]), max_nfev=60)
        start = np.asarray(found.x, dtype=np.float64)
        left = _misfit(start, plane, heights)
        spread = 1.4826 * float(np.median(np.abs(left[keep])))
        keep = np.abs(left) < _CLIP * max(spread, noise_mm)
    jacobian = _slopes(start, plane[keep], heights[keep])
    reached = float(np.hypot(start[1], start[2]))
    width = abs(float(start[3]))
    if not 0.2 * half_width < width < 4 * half_width or reached > 2 * half_width or start[0] * depth <= 0:
        return None
    scatter = float(np.mean(_misfit(start, plane[keep], heights[keep]) ** 2))
    inverse = np.linalg.pinv(jacobian.T @ jacobian)
    extra = max(0.0, scatter - noise_mm**2)
    deviation = float(np.sqrt(max(scatter, noise_mm**2) * inverse[0, 0] + extra))
    height = float(start[0])
    return Profile(height, deviation, width, abs(height) * width**2 * np.pi * (0.5 - 2 / np.pi**2))


def _misfit(values: Real, plane: Real, heights: Real) -> Real:
    radius = np.hypot(plane[:, 0] - values[1], plane[:, 1] - values[2])
    phase = np.minimum(np.pi, np.pi * radius / max(abs(values[3]), 1e-3))
    return values[0] * (1 + np.cos(phase)) / 2 + values[4] - heights


def _slopes(values: Real, plane: Real, heights: Real) -> Real:
    away = plane - values[1:3]
    radius = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-9)
    width = max(abs(values[3]), 1e-3)
    phase = np.minimum(np.pi, np.pi * radius / width)
    steep = values[0] * np.sin(phase) / 2 * np.pi / width
    towards = steep / radius
    return np.column_stack(
        [
            (1 + np.cos(phase)) / 2,
            towards * away[:, 0],
            towards * away[:, 1],
            steep * radius / width * np.sign(values[3]),
            np.ones(len(heights)),
        ]
    )
