"""The depth of a dent at its apex: a profile fitted to the single points, so that averaging does not flatten it.

The profile is depth · (1 − s)^q with s a quadratic form of the place, so that it may be oval: q 1 is the print of a ball, q 2 is within
7 % of a raised cosine, q 3 a hollow that runs out gently.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from vehiclenest.loop.inspect.surface_kernels import Real

_CLIP = 4.0
_PARAMETERS = 8
_GENTLEST = 3.0  # greatest q; the least is 1
_AT_MOST = 2.0  # depths of the filter that a fitted depth may have
_EVALUATIONS = 80


@dataclass(frozen=True, slots=True)
class Profile:
    """Depth at the apex and its standard deviation, half width, all in mm; volume of the profile in mm³.

    `middle` (2,) and `form` (3,) say where it is: 1 on the rim is form[0]·u² + 2·form[1]·u·v + form[2]·v² from the middle.
    """

    depth: float
    deviation: float
    half_width: float
    volume: float
    middle: tuple[float, float]
    form: tuple[float, float, float]

    def holds(self, plane: Real, wider: float = 1.0) -> NDArray[np.bool_]:
        """Return which places (n, 2) lie within so many widths of the profile."""
        across, along = plane[:, 0] - self.middle[0], plane[:, 1] - self.middle[1]
        return self.form[0] * across**2 + 2 * self.form[1] * across * along + self.form[2] * along**2 <= wider**2


def fit_profile(plane: Real, heights: Real, depth: float, half_width: float, noise_mm: float) -> Profile | None:
    """Fit the profile and a constant to heights (n,) at places (n, 2) about the seed, in mm; None where it fails.

    The deviation holds what the points do not follow the profile by.
    """
    keep = np.ones(len(heights), dtype=np.bool_)
    sharpness = 1 / half_width**2
    start = np.array([depth, 0.0, 0.0, sharpness, 0.0, sharpness, 0.0, 0.0])
    for _ in range(2):
        if np.count_nonzero(keep) <= 2 * _PARAMETERS:
            return None
        found: Any = least_squares(
            _misfit, start, jac=_slopes, method="lm", x_scale="jac", args=(plane[keep], heights[keep]), max_nfev=_EVALUATIONS
        )
        start = np.asarray(found.x, dtype=np.float64)
        left = _misfit(start, plane, heights)
        spread = 1.4826 * float(np.median(np.abs(left[keep])))
        keep = np.abs(left) < _CLIP * max(spread, noise_mm)
    size = start[3] * start[5] - start[4] ** 2
    if size <= 0 or start[3] <= 0 or np.count_nonzero(keep) <= 2 * _PARAMETERS:
        return None
    width, reached, height = float(size**-0.25), float(np.hypot(start[1], start[2])), float(start[0])
    if not 0.2 * half_width < width < 4 * half_width or reached > 2 * half_width:
        return None
    if height * depth <= 0 or abs(height) > _AT_MOST * abs(depth):
        return None
    jacobian = _slopes(start, plane[keep], heights[keep])
    scatter = float(np.mean(_misfit(start, plane[keep], heights[keep]) ** 2))
    inverse = np.linalg.pinv(jacobian.T @ jacobian)
    extra = max(0.0, scatter - noise_mm**2)
    deviation = float(np.sqrt(max(scatter, noise_mm**2) * inverse[0, 0] + extra))
    volume = abs(height) * np.pi * width**2 / (_power(start[7]) + 1)
    place, form = (float(start[1]), float(start[2])), (float(start[3]), float(start[4]), float(start[5]))
    return Profile(height, deviation, width, volume, place, form)


def _power(value: float) -> float:
    return 1 + (_GENTLEST - 1) / (1 + float(np.exp(-np.clip(value, -30, 30))))


def _within(values: Real, plane: Real) -> tuple[Real, Real, Real]:
    """Return both coordinates from the middle of the profile, and how much of it is left there: 1 in the middle, 0 from the rim on."""
    across, along = plane[:, 0] - values[1], plane[:, 1] - values[2]
    form = values[3] * across**2 + 2 * values[4] * across * along + values[5] * along**2
    return across, along, np.clip(1 - form, 0, 1)


def _misfit(values: Real, plane: Real, heights: Real) -> Real:
    left = _within(values, plane)[2]
    return values[0] * left ** _power(values[7]) + values[6] - heights


def _slopes(values: Real, plane: Real, heights: Real) -> Real:
    across, along, left = _within(values, plane)
    power = _power(values[7])
    share = (power - 1) / (_GENTLEST - 1)
    shape = left**power
    steep = np.where(left > 0, values[0] * power * left ** (power - 1), 0.0)
    bent = np.where(left > 0, shape * np.log(np.maximum(left, 1e-300)), 0.0)
    return np.column_stack(
        [
            shape,
            2 * steep * (values[3] * across + values[4] * along),
            2 * steep * (values[4] * across + values[5] * along),
            -steep * across**2,
            -2 * steep * across * along,
            -steep * along**2,
            np.ones(len(heights)),
            values[0] * bent * (_GENTLEST - 1) * share * (1 - share),
        ]
    )
