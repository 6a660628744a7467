"""Made-up speech: voiced syllables with moving formants, hisses and pauses, in the long-term spectrum of male speech.

It says nothing and comes from no recording. What it shares with speech is what STOI and masking go by: the spectrum (IEC 60268-16), a
rhythm of about four syllables a second, and bands that rise and fall together and apart.
"""

from typing import Final

import numpy as np
from scipy.signal import lfilter

from vehiclenest.technology.sound.octave import CENTRES_HZ, Array, levels_db, octave_values

_VOWELS_HZ: Final = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (660, 1720, 2410),
)
_BANDWIDTHS_HZ: Final = (80.0, 110.0, 160.0)
_PITCH_HZ: Final = 115.0
_SYLLABLE_S: Final = (0.12, 0.3)
_PAUSE_CHANCE, _HISS_CHANCE = 0.12, 0.35
_ROUNDS: Final = 3  # of bringing the octaves to their levels


def speech_like(seconds: float, rate_hz: float, seed: int) -> Array:
    """Return made-up speech of mean square 1, shape (n,); formants after Peterson and Barney 1952 [U]."""
    random = np.random.default_rng(seed)
    pieces: list[Array] = []
    length = 0
    while length < seconds * rate_hz:
        samples = int(random.uniform(*_SYLLABLE_S) * rate_hz)
        piece = np.zeros(samples) if random.random() < _PAUSE_CHANCE else _syllable(samples, rate_hz, random)
        pieces.append(piece)
        length += samples
    return in_octaves(np.concatenate(pieces)[: int(seconds * rate_hz)], rate_hz, octave_values("male"))


def _syllable(samples: int, rate_hz: float, random: np.random.Generator) -> Array:
    rise = np.sin(np.pi * np.linspace(0, 1, samples)) ** 0.7 * random.uniform(0.5, 1.0)
    if random.random() < _HISS_CHANCE:
        hiss = int(samples * random.uniform(0.3, 0.6))
        return np.concatenate([_hiss(hiss, rate_hz, random) * 0.25, _voice(samples - hiss, rate_hz, random)]) * rise
    return _voice(samples, rate_hz, random) * rise


def _voice(samples: int, rate_hz: float, random: np.random.Generator) -> Array:
    pitch = _PITCH_HZ * random.uniform(0.8, 1.25) * np.linspace(1.05, 0.95, samples)
    phase = np.cumsum(pitch) / rate_hz
    pulses = np.diff(np.floor(phase), prepend=0.0)
    sound: Array = np.zeros(samples)
    for hz, width in zip(_VOWELS_HZ[random.integers(len(_VOWELS_HZ))], _BANDWIDTHS_HZ, strict=True):
        sound = sound + _resonance(pulses, hz, width, rate_hz)
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-12)


def _hiss(samples: int, rate_hz: float, random: np.random.Generator) -> Array:
    sound = _resonance(random.standard_normal(samples), random.uniform(3000, 6500), 1500.0, rate_hz)
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-12)


def _resonance(signal: Array, hz: float, width_hz: float, rate_hz: float) -> Array:
    radius = np.exp(-np.pi * width_hz / rate_hz)
    feedback = [1.0, -2 * radius * np.cos(2 * np.pi * hz / rate_hz), radius**2]
    return np.asarray(lfilter([1 - radius], feedback, signal), dtype=float)


def in_octaves(signal: Array, rate_hz: float, levels: Array) -> Array:
    """Return a signal whose octave levels differ as `levels` do, shape (7,), of mean square 1."""
    shaped = signal
    for _ in range(_ROUNDS):
        shaped = by_octaves(shaped, rate_hz, levels - levels_db(shaped, rate_hz))
    return shaped / np.sqrt(np.mean(shaped**2))


def by_octaves(signal: Array, rate_hz: float, gains_db: Array) -> Array:
    """Return a signal through gains given by octave, shape (7,), interpolated over the logarithm of frequency."""
    hz = np.maximum(np.fft.rfftfreq(len(signal), 1 / rate_hz), 1.0)
    gain = 10 ** (np.interp(np.log(hz), np.log(CENTRES_HZ), gains_db) / 20)
    return np.fft.irfft(np.fft.rfft(signal) * gain, len(signal))
