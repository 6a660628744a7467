"""What a zone design lets through of a call, from the pairs of seats to the seven octaves of speech."""

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.mask import Leak
from vehiclenest.technology.sound.octave import CENTRES_HZ
from vehiclenest.technology.sound.score import BANDS_HZ

Real = NDArray[np.float64]


def leak_of(
    cabin: Cabin, pairs: dict[tuple[str, str], Real], level_dba: float, talker: str | None, listener: str | None
) -> tuple[str, str, Leak]:
    """Return talker, listener and the leak between them; of the seats that are not given those between which most leaks.

    Parameters
    ----------
    pairs
        Contrast by octave of `score.BANDS_HZ` for (talker, listener), dB. The octave of 8 kHz, where the filters fade out, leaks like that
        of 4 kHz.

    Raises
    ------
    InputError
        Where a seat is not there, or both are the same.
    """
    seats = [seat.name for seat in cabin.seat]
    for name in (talker, listener):
        if name is not None and name not in seats:
            raise InputError(f"there is no seat {name!r}", expected=f"one of {', '.join(seats)}")
    if talker is not None and talker == listener:
        raise InputError("talker and listener are the same seat", expected="two seats")
    wanted = [pair for pair in pairs if talker in {None, pair[0]} and listener in {None, pair[1]}]
    who, whom = min(wanted, key=lambda pair: float(pairs[pair].mean()))
    contrast = np.interp(np.log(CENTRES_HZ), np.log(BANDS_HZ), pairs[who, whom])
    decay = np.interp(np.log(CENTRES_HZ), np.log(cabin.absorption.hz), cabin.eyring_decay_s())
    return who, whom, Leak(level_dba, contrast, decay)
