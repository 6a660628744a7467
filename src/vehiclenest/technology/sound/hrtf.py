# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# sofar and SciPy's hull carry no types
"""A measured head: its responses at any direction, turned, or of another size.

Between measured directions the responses are aligned in time by their delay against their minimum phase (Nam, Abel and Smith 2008),
spectra and delays are interpolated within the triangle of measured directions around (barycentric weights on the hull of all directions),
and the delay is put back. Directions are in the frame of SOFA: x to the front, y to the left, z up; azimuth counts to the left.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from vehiclenest.core.errors import InputError, Where
from vehiclenest.technology.sound.octave import Array
from vehiclenest.technology.sound.read import HEAD_CONVENTION, read_sofa, sofa_impulses

Spectrum = NDArray[np.complex128]
_EARS = 2
_FINE = 8  # delays are found on a grid this much finer than samples
_ALIGNED_HZ = 3000.0  # where delays are found: best of 1 to 8 kHz for directions of KEMAR that were left out [M]
_FLOOR = 1e-5  # of the largest magnitude: below, a minimum phase means nothing


@dataclass(frozen=True)
class Head:
    """A head measured in the free field.

    Attributes
    ----------
    directions
        Unit vectors to the sources, shape (m, 3).
    responses
        Impulse responses of left and right ear, shape (m, 2, n).
    rate_hz
        Sample rate in Hz.
    """

    directions: Array
    responses: Array
    rate_hz: float
    _aligned: Spectrum = field(init=False, repr=False)
    _delays: Array = field(init=False, repr=False)
    _triangles: NDArray[np.int64] = field(init=False, repr=False)
    _inverses: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Align the responses and triangulate the directions."""
        taps = self.responses.shape[-1]
        delays = _delays(self.responses, self.rate_hz)
        turns = 2j * np.pi * np.fft.rfftfreq(2 * taps)
        hull = ConvexHull(self.directions)
        corners = self.directions[hull.simplices]
        object.__setattr__(self, "_delays", delays)
        object.__setattr__(self, "_aligned", np.fft.rfft(self.responses, 2 * taps) * np.exp(turns * delays[..., None]))
        object.__setattr__(self, "_triangles", hull.simplices)
        object.__setattr__(self, "_inverses", np.linalg.inv(corners))

    @property
    def taps(self) -> int:
        """Length of a response in samples."""
        return self.responses.shape[-1]

    def weights(self, directions: Array) -> tuple[NDArray[np.int64], Array]:
        """Return the measured directions around each direction, shape (k, 3), and their weights, shape (k, 3), which sum to one."""
        scores = np.einsum("kj,tji->kti", directions, self._inverses)
        best = scores.min(axis=2).argmax(axis=1)
        chosen = np.maximum(scores[np.arange(len(directions)), best], 0)
        return self._triangles[best], chosen / chosen.sum(axis=1, keepdims=True)

    def at(self, directions: Array) -> Array:
        """Return the responses at directions, shape (k, 3), as shape (k, 2, n)."""
        around, weights = self.weights(np.atleast_2d(directions))
        aligned = np.einsum("kw,kwef->kef", weights, self._aligned[around])
        delays = np.einsum("kw,kwe->ke", weights, self._delays[around])
        turns = -2j * np.pi * np.fft.rfftfreq(2 * self.taps)
        return np.fft.irfft(aligned * np.exp(turns * delays[..., None]), 2 * self.taps)[..., : self.taps]

    def turned_to(self, azimuths_deg: Array, yaw_deg: float, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Array:
        """Return the responses to sources that stay at azimuths on the horizon while the head is turned, shape (k, 2, n).

        Positive yaw turns the nose to the left, positive pitch lowers it, positive roll lowers the right ear.
        """
        turn = Rotation.from_euler("ZYX", [yaw_deg, pitch_deg, roll_deg], degrees=True)
        return self.at(turn.inv().apply(horizontal(azimuths_deg)))

    def without(self, kept: NDArray[np.bool_]) -> "Head":
        """Return the head measured at the directions marked in `kept` alone."""
        return Head(self.directions[kept], self.responses[kept], self.rate_hz)

    def scaled(self, factor: float) -> "Head":
        """Return a head `factor` times as large: a rigid body's response at a frequency is that of the original at `factor` times it."""
        length = round(self.taps * factor)
        stretched = np.asarray(resample(self.responses, length, axis=-1)) / factor
        return Head(
            self.directions, np.pad(stretched, ((0, 0), (0, 0), (0, max(0, self.taps - length))))[..., : self.taps], self.rate_hz
        )


def horizontal(azimuths_deg: Array) -> Array:
    """Return unit vectors on the horizon, shape (k, 3)."""
    azimuths = np.radians(np.atleast_1d(np.asarray(azimuths_deg, dtype=float)))
    return np.stack([np.cos(azimuths), np.sin(azimuths), np.zeros_like(azimuths)], axis=-1)


def read_head(path: Path) -> Head:
    """Read a head out of a SOFA file of convention SimpleFreeFieldHRIR.

    Raises
    ------
    InputError
        Where the convention is another, an ear is silent, or the head looks elsewhere than along x.
    """
    found = read_sofa(path, (HEAD_CONVENTION,))
    where = Where(str(path))
    responses, rate = sofa_impulses(found, path)
    if responses.shape[1] != _EARS:
        raise InputError(f"{responses.shape[1]} receivers", expected="two: the left and the right ear", where=where)
    view = np.atleast_2d(np.asarray(found.ListenerView, dtype=float))
    if str(found.ListenerView_Type).lower() == "cartesian" and not np.allclose(
        view / np.linalg.norm(view, axis=1)[:, None], [1, 0, 0]
    ):
        raise InputError(f"the listener looks along {view[0]}", expected="along x, as the convention has it", where=where)
    if not np.isfinite(responses).all():
        raise InputError("samples are not finite", expected="numbers", where=where)
    silent = np.argwhere(np.abs(responses).max(axis=2) == 0)
    if len(silent):
        measurement, ear = silent[0]
        raise InputError(
            f"the {('left', 'right')[ear]} ear is silent in measurement {measurement + 1}", expected="a response", where=where
        )
    positions = np.asarray(found.SourcePosition, dtype=float)
    if str(found.SourcePosition_Type).lower() == "spherical":
        azimuth, elevation = np.radians(positions[:, 0]), np.radians(positions[:, 1])
        positions = np.stack(
            [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)], axis=-1
        )
    return Head(positions / np.linalg.norm(positions, axis=1)[:, None], responses, rate)


def _delays(responses: Array, rate_hz: float) -> Array:
    """Return the delay of every response against its own minimum phase, in samples, shape (m, 2).

    The cross-correlation is held to low frequencies: there its peak is broad and does not jump from one ripple to the next as the
    direction changes.
    """
    taps = responses.shape[-1]
    size = 4 * taps
    spectrum = np.fft.rfft(responses, size)
    magnitude = np.abs(spectrum)
    magnitude = np.maximum(magnitude, magnitude.max(axis=-1, keepdims=True) * _FLOOR)
    cepstrum = np.fft.irfft(np.log(magnitude), size)
    fold = np.zeros(size)
    fold[0] = fold[size // 2] = 1
    fold[1 : size // 2] = 2
    minimum = np.exp(np.fft.rfft(cepstrum * fold, size))
    low = np.exp(-((np.fft.rfftfreq(size, 1 / rate_hz) / _ALIGNED_HZ) ** 2))
    agreement = np.fft.irfft(spectrum * minimum.conj() * low, size * _FINE)[..., : taps * _FINE]
    peak = np.clip(agreement.argmax(axis=-1), 1, taps * _FINE - 2)
    before, at, after = (np.take_along_axis(agreement, (peak + step)[..., None], axis=-1)[..., 0] for step in (-1, 0, 1))
    return (peak + 0.5 * (before - after) / (before - 2 * at + after)) / _FINE
