"""Causal filters from weights by frequency, and what they do to a signal at any frequency."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Filtering:
    """Length and band of the filters.

    Attributes
    ----------
    rate_hz
        Sample rate.
    taps, delay
        Length of every filter, and the modelling delay, samples.
    low_hz, high_hz
        Band that is designed; a third of an octave outside it the filters have faded out.
    """

    rate_hz: int = 16_000
    taps: int = 1024
    delay: int = 384
    low_hz: float = 88.0
    high_hz: float = 7_000.0

    @classmethod
    def of_length(cls, taps: int) -> "Filtering":
        """Return filters of a length, three eighths of it before the sound."""
        return cls(taps=taps, delay=taps * 3 // 8)

    @property
    def bins(self) -> NDArray[np.int64]:
        """Bins of the transform of length `taps` that are designed."""
        step = self.rate_hz / self.taps
        first, last = int(np.ceil(self.low_hz / step)), int(np.floor(self.high_hz / step))
        return np.arange(first, last + 1)

    @property
    def frequency(self) -> Real:
        """Frequencies of the designed bins, Hz."""
        return self.bins.astype(np.float64) * (self.rate_hz / self.taps)


def causal_filters(weights: Complex, filtering: Filtering) -> Real:
    """Return filters that realise weights with a delay, shape (…, taps).

    The band is faded out over a third of an octave with the weights of its edges, the impulse response is rotated by the delay and tapered
    over its ends. What that costs is measured, since filters are scored between their bins.

    Parameters
    ----------
    weights
        Shape (…, bins).
    filtering
        Length, delay and band.
    """
    step = filtering.rate_hz / filtering.taps
    every = np.arange(filtering.taps // 2 + 1)
    hz = every * step
    bins = filtering.bins
    nearest = np.clip(every, bins[0], bins[-1]) - bins[0]
    third = 2 ** (1 / 3)
    rise = np.clip((hz - hz[bins[0]] / third) / (hz[bins[0]] * (1 - 1 / third)), 0, 1)
    fall = np.clip((min(hz[bins[-1]] * third, hz[-1]) - hz) / (min(hz[bins[-1]] * third, hz[-1]) - hz[bins[-1]]), 0, 1)
    fade = (np.sin(np.pi / 2 * rise) * np.sin(np.pi / 2 * fall)) ** 2
    spectrum = weights[..., nearest] * fade * np.exp(-2j * np.pi * every * filtering.delay / filtering.taps)
    taper = np.ones(filtering.taps)
    edge = filtering.taps // 16
    ramp = np.sin(np.pi / 2 * (np.arange(edge) + 0.5) / edge) ** 2
    taper[:edge], taper[-edge:] = ramp, ramp[::-1]
    return np.fft.irfft(spectrum, filtering.taps, axis=-1) * taper


def filter_response(filters: Real, rate_hz: float, frequency: Real) -> Complex:
    """Return the frequency response of filters, shape (…, frequencies), at any frequencies, Hz."""
    samples = np.arange(filters.shape[-1], dtype=np.float64)
    return cast("Complex", filters @ np.exp(-2j * np.pi / rate_hz * np.outer(samples, frequency)))
