"""The wave model below the cabin's valid frequency: modes of a rigid-walled box, damped by its decay times.

Method: Kuttruff, Room Acoustics, §3.2 (Green's function of a lossy rectangular room). The modes converge slowly near the source; so the sum
runs over their difference to modes of a decaying field exp(−κr)/4πr, which converges as the fourth power, and that field, summed over a few
images, is added in closed form.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_KAPPA = 5.0  # 1/m; images beyond _REACH_M then count less than 1e-8
_REACH_M = 4.0
_HIGHEST = 4.0  # modes up to this multiple of the highest wavenumber asked for
_LEAST_WAVENUMBER = 25.0  # and at least up to this, 1/m
DECAY_EXPONENT = 3 * np.log(10)  # pressure falls by 60 dB in T: amplitude exp(−3 ln 10 t/T)


def rigid_images(size: Real, source: Real, reach_m: float = _REACH_M) -> Real:
    """Return the images of a source in a rigid box within a distance of the box, m, shape (images, 3)."""
    axes: list[Real] = []
    for length, value in zip(size, source, strict=True):
        cells = np.arange(-int(reach_m / length) - 2, int(reach_m / length) + 3)
        axes.append(cells * length + np.where(cells % 2 == 0, value, length - value))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    outside = np.maximum(np.maximum(-grid, grid - size), 0)
    return grid[np.linalg.norm(outside, axis=1) < reach_m]


def modal_response(size: Real, source: Real, point: Real, wavenumber: Real, decay_s: Real, speed: float) -> Complex:
    """Return the pressure at points in a rigid-walled box with losses, for a monopole whose free field is exp(−jkr)/4πr.

    Parameters
    ----------
    size
        Of the box, m, shape (3,).
    source, point
        Shape (sources, 3) and (points, 3), m.
    wavenumber, decay_s
        k in 1/m and the decay time T60 there, s, both shape (frequencies,).
    speed
        Of sound, m/s.

    Returns
    -------
    Shape (points, sources, frequencies).
    """
    limit = max(_HIGHEST * float(wavenumber.max()), _LEAST_WAVENUMBER)
    counts = [np.arange(int(limit * length / np.pi) + 1) for length in size]
    order = np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1).reshape(-1, 3)
    own = np.sqrt(np.sum((order * np.pi / size) ** 2, axis=1))
    order, own = order[own <= limit], own[own <= limit]
    norm = np.prod(size) * np.prod(np.where(order == 0, 1.0, 0.5), axis=1)
    lossy = wavenumber - 1j * DECAY_EXPONENT / (decay_s * speed)
    factor = 1 / (own[:, None] ** 2 - lossy[None, :] ** 2) - 1 / (own[:, None] ** 2 + _KAPPA**2)
    shape_source, shape_point = _shapes(order, size, source), _shapes(order, size, point)
    modes = np.einsum("pn,ln,nf->plf", shape_point, shape_source, factor / norm[:, None], optimize=True)
    close = np.zeros((len(point), len(source)))
    for index, place in enumerate(source):
        distance = np.linalg.norm(point[:, None, :] - rigid_images(size, place)[None, :, :], axis=2)
        close[:, index] = np.sum(np.exp(-_KAPPA * distance) / (4 * np.pi * distance), axis=1)
    return cast("Complex", modes + close[:, :, None])


def _shapes(order: NDArray[np.int64], size: Real, position: Real) -> Real:
    """Return the mode shapes at positions, shape (positions, modes)."""
    return cast("Real", np.prod(np.cos(order[None, :, :] * np.pi * position[:, None, :] / size), axis=2))
