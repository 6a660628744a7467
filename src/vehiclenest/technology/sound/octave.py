"""Octave bands: signals split into the seven bands of speech, levels of bands, weighted sums.

Filters are Butterworth band-passes of order 12 (six a side) between centre/√2 and centre·√2, run forward: their energy is what matters
here, their phase is not. A level is in dB re 20 µPa where the samples are pascals, and re 1 otherwise.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError

Array = NDArray[np.float64]
_TABLE = Path(__file__).with_name("sti.toml")
_ORDER = 6
_SILENT_DB = -200.0


@cache
def octave_rows() -> tuple[Row, ...]:
    """Return the rows of the seven octaves, 125 Hz to 8 kHz."""
    return tuple(row for name, row in load_table(_TABLE).items() if name.startswith("octave_"))


def octave_values(name: str) -> Array:
    """Return one number of every octave, shape (7,)."""
    return np.array([row.number(name) for row in octave_rows()])


CENTRES_HZ: Array = octave_values("centre")
BANDS = len(CENTRES_HZ)


@cache
def _filters(rate_hz: float) -> tuple[Array, ...]:
    top = CENTRES_HZ[-1] * np.sqrt(2)
    if rate_hz <= 2 * top:
        raise InputError(
            f"a sample rate of {rate_hz:g} Hz does not hold the octave of {CENTRES_HZ[-1]:g} Hz",
            expected=f"above {2 * top:.0f} Hz",
        )
    return tuple(
        butter(_ORDER, (centre / np.sqrt(2), centre * np.sqrt(2)), "bandpass", fs=rate_hz, output="sos") for centre in CENTRES_HZ
    )


def split(signal: Array, rate_hz: float) -> Array:
    """Return a signal in octave bands.

    Parameters
    ----------
    signal
        Samples, shape (..., n).
    rate_hz
        Sample rate; the top octave must lie below half of it.

    Returns
    -------
    Array
        Shape (7, ..., n).

    Raises
    ------
    InputError
        Where the sample rate does not hold the top octave.
    """
    return np.stack([np.asarray(sosfilt(sections, signal, axis=-1), dtype=float) for sections in _filters(rate_hz)])


def levels_db(signal: Array, rate_hz: float, reference: float = 1.0) -> Array:
    """Return the octave levels of a signal as mean square re `reference`², shape (7,); silence is −200 dB."""
    power = (split(signal, rate_hz) ** 2).mean(axis=-1) / reference**2
    return to_db(power)


def to_db(power: Array) -> Array:
    """Return 10 lg of a power, −200 dB at the least."""
    return np.maximum(10 * np.log10(np.maximum(power, 10 ** (_SILENT_DB / 10))), _SILENT_DB)


def to_power(level_db: Array) -> Array:
    """Return the power of a level."""
    return np.asarray(10 ** (np.asarray(level_db, dtype=float) / 10), dtype=float)


def a_weighted_db(levels: Array) -> float:
    """Return the A-weighted sum of octave levels, shape (7,), in dB."""
    return float(to_db(to_power(levels + octave_values("a_weighting")).sum()))
