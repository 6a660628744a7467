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
from scipy.special import eval_legendre, spherical_jn

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
_SPARE_ORDERS = 8
_NEAR_ORDERS = 40  # (a² / r r')ⁿ is below 1e-7 for a source 5 cm off the surface


def hankel2(orders: int, x: Real) -> Complex:
    """Return the spherical Hankel functions of the second kind of orders 0 … `orders` − 1, shape (orders, len(x)).

    The recurrence runs upwards, in which yₙ is stable; what it costs jₙ above n = x is lost in |yₙ| ≫ |jₙ|.
    """
    out = np.empty((max(orders, 2), len(x)), complex)
    out[0] = 1j * np.exp(-1j * x) / x
    out[1] = np.sin(x) / x**2 - np.cos(x) / x + 1j * (np.cos(x) / x**2 + np.sin(x) / x)
    for n in range(1, orders - 1):
        out[n + 1] = (2 * n + 1) / x * out[n] - out[n - 1]
    return out[:orders]


class RigidSphere:
    """A rigid sphere at given frequencies.

    Parameters
    ----------
    wavenumber
        k in 1/m, shape (frequencies,), all above 0.
    radius
        m.
    """

    def __init__(self, wavenumber: Real, radius: float) -> None:
        self.wavenumber = wavenumber
        self.radius = radius
        ka = wavenumber * radius
        self._distant_orders = int(np.ceil(1.2 * float(ka.max()))) + _SPARE_ORDERS
        orders = max(_NEAR_ORDERS, self._distant_orders)
        n = np.arange(orders)[:, None]
        hankel = hankel2(orders + 1, ka)
        slope = n / ka * hankel[:-1] - hankel[1:]
        self._reflection = cast("Complex", spherical_jn(n, ka[None, :], True)) / slope  # j'ₙ(ka) / h'ₙ(ka)

    def distant_source(self, distance: float, cosine: Real) -> Complex:
        """Return the pressure at a point near the sphere in a plane wave of amplitude 1 and phase 0 at the centre of the sphere.

        Parameters
        ----------
        distance
            Of the point from the centre, m, not below the radius.
        cosine
            Of the angle between the point and the direction that the wave comes from, shape (angles,).

        Returns
        -------
        Shape (angles, frequencies).
        """
        order = np.arange(self._distant_orders)
        weight = (1j**order * (2 * order + 1))[:, None] * self._reflection[: len(order)]
        legendre = cast("Real", eval_legendre(order[None, :], cosine[:, None]))
        scattered = legendre @ (weight * hankel2(len(order), self.wavenumber * distance))
        return np.exp(1j * self.wavenumber[None, :] * distance * cosine[:, None]) - scattered

    def near_source(self, source: Real, point: Real) -> Complex:
        """Return the pressure at a point due to a monopole, both near the sphere at the origin; in free field exp(−jkd)/4πd.

        Parameters
        ----------
        source, point
            Shape (3,), m; outside the sphere or on it.
        """
        k, order = self.wavenumber, np.arange(_NEAR_ORDERS)
        far, near = float(np.linalg.norm(source)), float(np.linalg.norm(point))
        cosine = float(np.clip(source @ point / (far * near), -1.0, 1.0))
        apart = float(np.linalg.norm(source - point))
        legendre = cast("Real", eval_legendre(order, cosine)) * (2 * order + 1)
        fields = self._reflection[:_NEAR_ORDERS] * hankel2(_NEAR_ORDERS, k * far) * hankel2(_NEAR_ORDERS, k * near)
        scattered = 1j * k / (4 * np.pi) * (legendre @ fields)
        return np.exp(-1j * k * apart) / (4 * np.pi * apart) + scattered
