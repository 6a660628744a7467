"""The sound field around a rigid sphere, the head of a listener: what arrives at its surface and what it keeps from others.

Method: expansion in spherical harmonics (Morse and Ingard, Theoretical Acoustics, 1968, §7.2); with a source near the sphere as in Duda and
Martens, Range dependence of the response of a spherical head model (J. Acoust. Soc. Am. 104, 1998). Time convention exp(+jωt). By
reciprocity the field at a point near the sphere due to a distant source is also what a source at that point sends into the distance.
"""
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# (scipy's stubs leave the result of the spherical Bessel functions open)

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre, spherical_jn, spherical_yn

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_SPARE_ORDERS = 8
_NEAR_ORDERS = 40  # (a² / r r')ⁿ is below 1e-7 for a source 5 cm off the surface


def _orders(ka: Real) -> NDArray[np.int64]:
    return np.arange(int(np.ceil(1.2 * float(ka.max()))) + _SPARE_ORDERS)


def _hankel2(order: NDArray[np.int64], x: Real, *, derivative: bool = False) -> Complex:
    n, z = order[:, None], x[None, :]
    return cast("Complex", spherical_jn(n, z, derivative) - 1j * spherical_yn(n, z, derivative))


def _reflection(order: NDArray[np.int64], ka: Real) -> Complex:
    """Return j'ₙ(ka) / h'ₙ(ka), shape (orders, frequencies)."""
    return cast("Complex", spherical_jn(order[:, None], ka[None, :], True)) / _hankel2(order, ka, derivative=True)


def distant_source(wavenumber: Real, radius: float, distance: float, cosine: Real) -> Complex:
    """Return the pressure at a point near a rigid sphere in a plane wave of amplitude 1 and phase 0 at the centre of the sphere.

    Parameters
    ----------
    wavenumber
        k in 1/m, shape (frequencies,), all above 0.
    radius
        Of the sphere, m.
    distance
        Of the point from the centre, m, not below the radius.
    cosine
        Of the angle between the point and the direction that the wave comes from, shape (angles,).

    Returns
    -------
    Shape (angles, frequencies).
    """
    order = _orders(wavenumber * radius)
    weight = (1j**order * (2 * order + 1))[:, None] * _reflection(order, wavenumber * radius)
    legendre = cast("Real", eval_legendre(order[None, :], cosine[:, None]))
    scattered = legendre @ (weight * _hankel2(order, wavenumber * distance))
    return np.exp(1j * wavenumber[None, :] * distance * cosine[:, None]) - scattered


def near_source(wavenumber: Real, radius: float, source: Real, point: Real) -> Complex:
    """Return the pressure at a point due to a monopole, both near a rigid sphere at the origin; free field would be exp(−jkd)/4πd.

    Parameters
    ----------
    wavenumber
        k in 1/m, shape (frequencies,), all above 0.
    radius
        Of the sphere, m.
    source, point
        Shape (3,), m; outside the sphere or on it.
    """
    order = np.arange(_NEAR_ORDERS)
    far, near = float(np.linalg.norm(source)), float(np.linalg.norm(point))
    cosine = float(np.clip(source @ point / (far * near), -1.0, 1.0))
    apart = float(np.linalg.norm(source - point))
    legendre = cast("Real", eval_legendre(order, cosine)) * (2 * order + 1)
    fields = _reflection(order, wavenumber * radius) * _hankel2(order, wavenumber * far) * _hankel2(order, wavenumber * near)
    scattered = 1j * wavenumber / (4 * np.pi) * (legendre @ fields)
    return np.exp(-1j * wavenumber * apart) / (4 * np.pi * apart) + scattered
