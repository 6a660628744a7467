"""Speech transmission index after IEC 60268-16: octave bands, 14 modulation frequencies, masking, reception threshold, male weights.

Written from the formulas of the standard's annex A. The indirect method takes the modulation transfer of a linear path from its impulse
response (Schroeder 1981) and lowers it by noise; the direct method measures the depth that is left of a modulated test signal. Both
end in `transmission_index`. Validated against the worked example of annex M, the weighting tests of A.2.2 and the closed form for an
exponential decay: see the tests and docs/sound-privacy.md.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.octave import BANDS, CENTRES_HZ, Array, octave_values, split, to_db, to_power

MODULATIONS_HZ: Array = np.array([0.63, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0, 10.0, 12.5])  # third octaves
_TABLE = Path(__file__).with_name("sti.toml")
_RING_PERIODS = 20  # of the lowest octave: its filter has died away by then
_LEAST_SHARE = 1e-12  # an octave with less of the strongest one's energy is silent


@dataclass(frozen=True, slots=True)
class Transmission:
    """What a path leaves of speech.

    Attributes
    ----------
    sti
        Speech transmission index, 0 to 1.
    by_octave
        Modulation transfer index of each octave, shape (7,).
    modulation
        Modulation transfer with noise, masking and threshold in it, shape (7, 14).
    """

    sti: float
    by_octave: Array
    modulation: Array


def speech_levels(level_dba: float) -> Array:
    """Return the octave levels of male speech of an A-weighted level, dB re 20 µPa, shape (7,)."""
    return level_dba + octave_values("male")


def transmission_index(modulation: Array, speech_db: Array | None = None, noise_db: Array | None = None) -> Transmission:
    """Return the speech transmission index of a modulation transfer.

    Parameters
    ----------
    modulation
        Modulation transfer of the path alone, shape (7, 14); values above one count as one.
    speech_db
        Octave levels of speech at the listener, dB re 20 µPa, shape (7,). Without them hearing plays no part.
    noise_db
        Octave levels of noise at the listener, shape (7,); needs `speech_db`.

    Raises
    ------
    InputError
        Where a shape is wrong, a value is no number, or there is noise without speech.
    """
    modulation = _checked(modulation, (BANDS, len(MODULATIONS_HZ)), "the modulation transfer")
    if (modulation < 0).any():
        raise InputError("the modulation transfer is negative", expected="values from 0 to 1")
    reduced = np.minimum(modulation, 1.0)
    if speech_db is not None:
        reduced = reduced * _kept(_checked(speech_db, (BANDS,), "the speech levels"), noise_db)[:, None]
    elif noise_db is not None:
        raise InputError("there are levels of noise and none of speech", expected="both, in dB re 20 µPa")
    limit = load_table(_TABLE)["index"].number("limit")
    with np.errstate(divide="ignore"):
        apparent_db = np.clip(10 * np.log10(reduced / (1 - reduced)), -limit, limit)
    by_octave = ((apparent_db + limit) / (2 * limit)).mean(axis=1)
    weights, redundancy = octave_values("alpha"), octave_values("beta")[:-1]
    sti = float(weights @ by_octave - redundancy @ np.sqrt(by_octave[:-1] * by_octave[1:]))
    return Transmission(min(max(sti, 0.0), 1.0), by_octave, reduced)


def _checked(values: Array, shape: tuple[int, ...], what: str) -> Array:
    values = np.asarray(values, dtype=float)
    if values.shape != shape or not np.isfinite(values).all():
        raise InputError(f"{what} has shape {values.shape} or is not finite", expected=f"numbers, shape {shape}")
    return values


def _kept(speech_db: Array, noise_db: Array | None) -> Array:
    """Return the share of modulation that noise, the next lower octave and the threshold of hearing leave, shape (7,)."""
    speech = to_power(speech_db)
    noise = np.zeros(BANDS) if noise_db is None else to_power(_checked(noise_db, (BANDS,), "the noise levels"))
    heard = speech + noise
    masking = np.concatenate([[0.0], heard[:-1] * to_power(np.array([masking_db(level) for level in to_db(heard[:-1])]))])
    return speech / (heard + masking + to_power(octave_values("threshold")))


@cache
def _masking_rows() -> tuple[Row, ...]:
    return tuple(row for name, row in load_table(_TABLE).items() if name.startswith("masking_"))


def masking_db(level_db: float) -> float:
    """Return how far below the level of an octave it masks the next higher one, dB."""
    rows = _masking_rows()
    row = next((row for row in rows if level_db < row.number("below")), rows[-1])
    return row.number("slope") * level_db + row.number("offset")


def modulation_of_response(response: Array, rate_hz: float) -> Array:
    """Return the modulation transfer of a linear path without noise, shape (7, 14) (Schroeder 1981).

    Parameters
    ----------
    response
        Impulse response with its whole decay, shape (n,).
    rate_hz
        Sample rate in Hz.

    Raises
    ------
    InputError
        Where the response is silent, altogether or in an octave, or the sample rate does not hold the top octave.
    """
    tail = np.zeros(int(_RING_PERIODS * rate_hz / CENTRES_HZ[0]))
    energy = split(np.concatenate([np.asarray(response, dtype=float), tail]), rate_hz) ** 2
    total = energy.sum(axis=1)
    if not np.isfinite(total).all() or (total <= total.max() * _LEAST_SHARE).any() or total.max() == 0:
        raise InputError(
            "the impulse response is silent in an octave between 125 Hz and 8 kHz", expected="energy in every octave"
        )
    time: Array = np.arange(len(energy[0])) / rate_hz
    phase: Array = 2 * np.pi * np.outer(MODULATIONS_HZ, time)
    return np.hypot(energy @ np.cos(phase).T, energy @ np.sin(phase).T) / total[:, None]


def modulation_of_decay(decay_s: Array) -> Array:
    """Return the modulation transfer of an exponential decay of 60 dB in `decay_s` by octave, shape (7,) to (7, 14)."""
    rate = 6 * np.log(10) / np.asarray(decay_s, dtype=float)
    return np.asarray(1 / np.sqrt(1 + (2 * np.pi * MODULATIONS_HZ / rate[:, None]) ** 2))


def signal_of(band: int, modulation_hz: float, seconds: float, rate_hz: float, random: np.random.Generator) -> Array:
    """Return a test signal of the direct method: noise of one octave with fully modulated intensity."""
    samples = round(seconds * rate_hz)
    carrier = split(random.standard_normal(samples), rate_hz)[band]
    return carrier * np.sqrt(0.5 * (1 + np.cos(2 * np.pi * modulation_hz * np.arange(samples) / rate_hz)))


def depth_of(received: Array, band: int, modulation_hz: float, rate_hz: float) -> float:
    """Return how deeply the intensity of a received test signal is modulated, 0 to 1; counts whole periods only."""
    intensity = split(received, rate_hz)[band] ** 2
    whole = int(np.floor(len(intensity) / rate_hz * modulation_hz) / modulation_hz * rate_hz)
    if not whole:
        raise InputError(f"the signal is shorter than a period of {modulation_hz:g} Hz", expected="several periods")
    intensity = intensity[:whole]
    turn = np.exp(-2j * np.pi * modulation_hz / rate_hz * np.arange(whole))
    return float(2 * abs(intensity @ turn) / intensity.sum())
