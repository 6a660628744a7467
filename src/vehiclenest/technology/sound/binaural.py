"""A source that stays where it is while the head turns: binaural rendering over loudspeakers, with and without a head tracker.

At every instant the loudspeakers are driven so that the ears hear what the measured head would hear of a source in its place: the wanted
responses are those of the source's direction as the turned head sees it, and crosstalk cancellation carries them to the ears
(`crosstalk.design`). While the head turns, the sound is cut into overlapping pieces, each with the filters of its own instant; their
windows sum to one.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.signal import fftconvolve

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.crosstalk import EARS, Canceller, design
from vehiclenest.technology.sound.hrtf import Head
from vehiclenest.technology.sound.octave import Array

_FINE = 16  # interaural delays are found on a grid this much finer than samples
_EAR_TO_EAR_S = 1e-3  # longer than any head's interaural delay
_ITD_TOP_HZ = 1500.0  # the ear follows interaural time below about this [U]


def source_filters(head: Head, loudspeakers_deg: Sequence[float], azimuth_deg: float, yaw_deg: float) -> Canceller:
    """Return filters from a source's signal to loudspeakers, for a head turned by `yaw_deg`, shape (loudspeakers, 1, taps).

    Azimuths are those of loudspeakers and source in the cabin, to the left of straight ahead.
    """
    paths = head.turned_to(np.array(loudspeakers_deg), yaw_deg)
    wanted = head.turned_to(np.array([azimuth_deg]), yaw_deg)
    return design(paths, head.rate_hz, wanted=np.moveaxis(wanted, 0, 1))


def feeds(
    head: Head, loudspeakers_deg: Sequence[float], azimuth_deg: float, signal: Array, yaws_deg: Array, step_deg: float = 1.0
) -> Array:
    """Return what the loudspeakers play so that a source stays in place while the head turns.

    Parameters
    ----------
    head, loudspeakers_deg, azimuth_deg
        The listener, the loudspeakers' azimuths and the source's.
    signal
        The source's sound, shape (n,).
    yaws_deg
        What the tracker says, evenly spread over the signal; a constant 0 renders without tracker.
    step_deg
        Filters are designed once for every step of the yaw.

    Returns
    -------
    Array
        Shape (loudspeakers, n + filters).

    Raises
    ------
    InputError
        Where the signal is shorter than one sample a reading.
    """
    steps = np.round(np.asarray(yaws_deg) / step_deg).astype(int)

    @cache
    def filters(step: int) -> Array:
        return source_filters(head, loudspeakers_deg, azimuth_deg, step * step_deg).filters[:, 0]

    return _piecewise(signal, [filters(int(step))[:, None] for step in steps])


def heard(head: Head, loudspeakers_deg: Sequence[float], played: Array, yaws_deg: Array) -> Array:
    """Return what the ears of the turning head hear of loudspeaker signals, shape (loudspeakers, n), as shape (2, n + taps)."""
    paths = [head.turned_to(np.array(loudspeakers_deg), float(yaw)).swapaxes(0, 1) for yaw in yaws_deg]
    return np.sum([_piecewise(feed, [path[:, index : index + 1] for path in paths]) for index, feed in enumerate(played)], axis=0)


def _piecewise(signal: Array, filters: Sequence[Array]) -> Array:
    """Return a signal through filters, each of shape (outputs, 1, taps), that follow each other in pieces of equal length."""
    length = len(signal)
    if length < len(filters):
        raise InputError(
            f"{length} samples for {len(filters)} readings of the head", expected="a signal longer than its readings"
        )
    centres = (np.arange(len(filters)) + 0.5) * length / len(filters)
    outputs, _, taps = filters[0].shape
    out = np.zeros((outputs, length + taps - 1))
    time = np.arange(length)
    # Triangles in between, flat before the first and after the last centre; raised to sin² they still sum to one.
    for index, (piece, centre) in enumerate(zip(filters, centres, strict=True)):
        before = centres[index - 1] if index else -np.inf
        after = centres[index + 1] if index + 1 < len(centres) else np.inf
        start, stop = (
            max(0, int(np.floor(before)) if index else 0),
            min(length, int(np.ceil(after)) if np.isfinite(after) else length),
        )
        rising = np.clip((time[start:stop] - before) / (centre - before), 0, 1) if index else np.ones(stop - start)
        falling = np.clip((after - time[start:stop]) / (after - centre), 0, 1) if np.isfinite(after) else np.ones(stop - start)
        window = np.sin(np.pi / 2 * np.minimum(rising, falling)) ** 2
        out[:, start : stop + taps - 1] += fftconvolve((signal[start:stop] * window)[None], piece[:, 0], axes=-1)
    return out


def interaural_delay_s(ears: Array, rate_hz: float) -> float:
    """Return by how much the right ear hears later than the left, in seconds, by the cross-correlation below 1.5 kHz."""
    if len(ears) != EARS:
        raise InputError(f"{len(ears)} channels", expected="two ears")
    size = 1 << int(np.ceil(np.log2(2 * ears.shape[-1])))
    left, right = np.fft.rfft(ears, size)
    low = np.exp(-((np.fft.rfftfreq(size, 1 / rate_hz) / _ITD_TOP_HZ) ** 2))
    agreement = np.fft.irfft(right * left.conj() * low, size * _FINE)
    reach = int(_EAR_TO_EAR_S * rate_hz * _FINE)
    around = np.concatenate([agreement[-reach:], agreement[: reach + 1]])
    return float((around.argmax() - reach) / (rate_hz * _FINE))


def interaural_level_db(ears: Array, rate_hz: float, low_hz: float, high_hz: float) -> float:
    """Return by how much the left ear hears louder than the right between two frequencies, in dB."""
    band = slice(*np.searchsorted(np.fft.rfftfreq(ears.shape[-1], 1 / rate_hz), (low_hz, high_hz)))
    left, right = (np.abs(np.fft.rfft(ears)[:, band]) ** 2).sum(axis=1)
    return float(10 * np.log10(left / right))
