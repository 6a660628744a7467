# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pystoi carries no types
"""The least masker that makes speech of one zone private in another.

The speech is a programme, such as a call, that the zone's filters play; a neighbour hears what leaks (contrast by octave). A masker is
played to the neighbour, in the spectrum of speech or of the road, loud enough that neither the speech transmission index (IEC 60268-16,
with the cabin's decay, masking and the threshold of hearing) nor STOI (Taal et al. 2011, on made-up speech) stays above its limit. A
person who speaks in his seat is not held back by any filter: he is a leak of 0 dB and more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vehiclenest.core.constants import ConstantTable, Row, load_table
from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.octave import BANDS, CENTRES_HZ, Array, a_weighted_db, octave_values
from vehiclenest.technology.sound.speech import by_octaves, in_octaves, speech_like
from vehiclenest.technology.sound.sti import modulation_of_decay, speech_levels, transmission_index

Spectrum = Literal["speech", "road"]
_SEED = 1


def rows() -> ConstantTable:
    """Return the constants of speech privacy."""
    return load_table(Path(__file__).with_name("mask.toml"))


@dataclass(frozen=True, slots=True)
class Leak:
    """Speech as a neighbour would hear it.

    Attributes
    ----------
    level_dba
        Of the speech in its own zone, dB(A).
    contrast_db
        By how much less of each octave reaches the neighbour, dB, shape (7,).
    decay_s
        Reverberation time of the cabin by octave, s, shape (7,).
    """

    level_dba: float
    contrast_db: Array
    decay_s: Array

    def __post_init__(self) -> None:
        if self.contrast_db.shape != (BANDS,) or not np.isfinite(self.contrast_db).all():
            raise InputError(f"the leak has {self.contrast_db.size} octaves", expected=f"{BANDS}, from 125 Hz to 8 kHz")

    @property
    def speech_db(self) -> Array:
        """Octave levels of the speech at the neighbour, dB re 20 µPa, shape (7,)."""
        return speech_levels(self.level_dba) - self.contrast_db


def masker_levels(spectrum: Spectrum, level_dba: float) -> Array:
    """Return the octave levels of a masker of an A-weighted level, dB re 20 µPa, shape (7,)."""
    shape = (
        octave_values("male") if spectrum == "speech" else -rows()["road"].number("fall") * np.log2(CENTRES_HZ / CENTRES_HZ[0])
    )
    return shape + level_dba - a_weighted_db(shape)


def transmission(leak: Leak, masker_db: Array | None) -> float:
    """Return the speech transmission index at the neighbour."""
    return transmission_index(modulation_of_decay(leak.decay_s), leak.speech_db, masker_db).sti


class Intelligibility:
    """STOI of leaked made-up speech in a masker; the signals are made once."""

    def __init__(self, leak: Leak, spectrum: Spectrum) -> None:
        row = rows()["search"]
        self._rate = row.number("rate")
        self._clean = speech_like(row.number("seconds"), self._rate, _SEED)
        noise = np.random.default_rng(_SEED).standard_normal(len(self._clean))
        leaked = by_octaves(self._clean, self._rate, -leak.contrast_db)
        self._leaked = leaked * _amplitude(speech_levels(leak.level_dba))
        self._masker = in_octaves(noise, self._rate, masker_levels(spectrum, 0.0))
        self._spectrum: Spectrum = spectrum

    def stoi(self, masker_dba: float | None) -> float:
        """Return STOI with a masker of an A-weighted level, or without one."""
        from pystoi import stoi

        heard = self._leaked
        if masker_dba is not None:
            heard = heard + self._masker * _amplitude(masker_levels(self._spectrum, masker_dba))
        return float(stoi(self._clean, heard, int(self._rate)))


def _amplitude(levels: Array) -> float:
    """Return the root mean square of a sound of octave levels; dB re 20 µPa are dB re 1 here, only differences are heard."""
    return float(np.sqrt(np.sum(10 ** (levels / 10))))


def least_masker(leak: Leak, spectrum: Spectrum) -> dict[str, Any]:
    """Return the least masker, with which both measures keep to their limits.

    Keys: `masker_dba` (None where none is needed), `masker_for_sti_dba`, `masker_for_stoi_dba`, `sti`, `stoi` with it, `sti_without`,
    `stoi_without`, `speech_dba` and `masker_over_speech_db` at the neighbour, `limit`.

    Raises
    ------
    InputError
        Where no masker up to the loudest makes it private.
    """
    limit, search = rows()["limit"], rows()["search"]
    heard = Intelligibility(leak, spectrum)

    def sti(level: float | None) -> float:
        return transmission(leak, None if level is None else masker_levels(spectrum, level))

    by_sti = _least(sti, limit.number("sti"), search)
    by_stoi = _least(heard.stoi, limit.number("stoi"), search)
    needed = [level for level in (by_sti, by_stoi) if level is not None]
    least = max(needed) if needed else None
    speech = a_weighted_db(leak.speech_db)
    return {
        "spectrum": spectrum,
        "speech_dba": speech,
        "contrast_db": [float(value) for value in leak.contrast_db],
        "masker_dba": least,
        "masker_for_sti_dba": by_sti,
        "masker_for_stoi_dba": by_stoi,
        "masker_over_speech_db": None if least is None else least - speech,
        "sti": sti(least),
        "stoi": heard.stoi(least),
        "sti_without": sti(None),
        "stoi_without": heard.stoi(None),
        "limit": {"sti": limit.number("sti"), "stoi": limit.number("stoi")},
    }


def _least(measure: Callable[[float | None], float], limit: float, search: Row) -> float | None:
    """Return the least level at which a measure that falls with it keeps to a limit, to a step; None where none is needed."""
    if measure(None) <= limit:
        return None
    low, high = 0.0, search.number("loudest")
    if measure(high) > limit:
        raise InputError(f"a masker of {high:g} dB(A) does not make it private", expected="softer speech or zones further apart")
    while high - low > search.number("step"):
        middle = (low + high) / 2
        low, high = (middle, high) if measure(middle) > limit else (low, middle)
    return high
