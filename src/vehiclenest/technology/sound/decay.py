"""Decay times and levels by octave band of an impulse response, simulated or measured.

Method: ISO 3382-1, backward integration after Schroeder, T20 from −5 to −25 dB; the integration stops where the response sinks into its
noise (three times the mean square of its last tenth), as noise would otherwise lengthen every decay.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.listeners import Condition, Receivers
from vehiclenest.technology.sound.response import Responses

Real = NDArray[np.float64]
_ORDER = 3
_NOISE = 3.0  # times the mean square of the tail: where the decay is cut
_SMOOTH_S = 0.002
_START_DB, _END_DB = -5.0, -25.0


def decay_times(impulse: Real, rate_hz: float, bands_hz: tuple[float, ...]) -> list[float | None]:
    """Return T20 by octave band, s; None where a band has no decay of 25 dB above its noise.

    Raises
    ------
    InputError
        Where the response is silent or holds a value that is no number.
    """
    if not np.isfinite(impulse).all() or not np.any(impulse):
        raise InputError("the impulse response is silent or holds no numbers", expected="a measured or simulated response")
    return [
        _decay(_band(impulse, rate_hz, centre), rate_hz) if centre * np.sqrt(2) < rate_hz / 2 else None for centre in bands_hz
    ]


def band_levels_db(impulse: Real, rate_hz: float, centres_hz: Real, per_octave: int) -> Real:
    """Return the level of a response in bands of 1/`per_octave` octave, dB against its own mean over the bands."""
    size = 1 << int(np.ceil(np.log2(max(len(impulse), rate_hz))))  # at least 1 s: bins below 1 Hz
    power = np.abs(np.fft.rfft(impulse, size)) ** 2
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    half = 2 ** (1 / (2 * per_octave))
    levels = np.array([10 * np.log10(power[(hz >= centre / half) & (hz < centre * half)].mean()) for centre in centres_hz])
    return levels - levels.mean()


def _band(impulse: Real, rate_hz: float, centre_hz: float) -> Real:
    edges = [centre_hz / np.sqrt(2), centre_hz * np.sqrt(2)]
    sections = butter(_ORDER, edges, "bandpass", fs=rate_hz, output="sos")
    # Run backwards in time, a filter's own ringing falls before the sound, not into its decay.
    return np.asarray(sosfiltfilt(sections, np.pad(impulse, int(0.1 * rate_hz))), dtype=float)


def _decay(band: Real, rate_hz: float) -> float | None:
    square = band**2
    width = max(1, int(_SMOOTH_S * rate_hz))
    smooth = np.convolve(square, np.ones(width) / width, "same")
    peak = int(smooth.argmax())
    noise = _NOISE * float(square[-len(square) // 10 - int(0.1 * rate_hz) : -int(0.1 * rate_hz)].mean())
    below = np.flatnonzero(smooth[peak:] < noise)
    end = peak + int(below[0]) if len(below) else len(square)
    left = np.cumsum(square[peak:end][::-1])[::-1]
    if not len(left):
        return None
    level = 10 * np.log10(np.maximum(left / left[0], 1e-30))
    inside = np.flatnonzero((level <= _START_DB) & (level >= _END_DB))
    if not len(inside) or level[-1] > _END_DB:
        return None
    time, decibels = inside / rate_hz, level[inside]
    spread: Real = time - time.mean()
    return float(-60.0 * (spread @ spread) / (spread @ decibels))  # the slope of the regression line


def impulse_responses(cabin: Cabin, points: Receivers, rate_hz: int, samples: int) -> Real:
    """Return impulse responses at points of a cabin with nobody moved, shape (receivers, loudspeakers, samples).

    The band is faded out over the last octave eighth below half the sample rate; nothing is heard at 0 Hz.
    """
    frequency = np.arange(1.0, samples // 2 + 1) * (rate_hz / samples)
    transfer = Responses(cabin, frequency).transfer(points, Condition())
    top = np.clip((rate_hz / 2 - frequency) / (rate_hz / 2 * (1 - 2 ** (-1 / 8))), 0, 1)
    spectrum = np.concatenate([np.zeros((*transfer.shape[:2], 1)), transfer * np.sin(np.pi / 2 * top) ** 2], axis=2)
    return np.fft.irfft(spectrum, samples, axis=2)
