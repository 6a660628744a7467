"""Zones straight from measured responses: no cabin is simulated, and what was measured once is judged where it was not designed for.

Of every seat's microphones each second is kept from the design and is where the contrast is scored. Other conditions than the measured one
are not known: the worst of them is not assessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError, Where
from vehiclenest.technology.sound.crosstalk import response_at
from vehiclenest.technology.sound.export import write_each
from vehiclenest.technology.sound.filters import Filtering, causal_filters, filter_response
from vehiclenest.technology.sound.read import Responses, read_responses
from vehiclenest.technology.sound.score import BANDS_HZ, array_gain_db, by_band, contrast, effort_db, level_matrix
from vehiclenest.technology.sound.zones import Aim, correlations, zone_weights

Real = NDArray[np.float64]
_TAPS_S = 0.064  # length of the filters: 1,024 taps at 16 kHz
_SCORE_START_HZ, _SCORE_STEP_HZ = 89.3, 18.1  # as of a simulated cabin
Seats = Mapping[str, Sequence[int]]  # microphones of each seat, from 1


def design_measured(paths: Sequence[Path], seats: Seats, aim: Aim, out: Path | None) -> dict[str, Any]:
    """Design filters from responses out of files, and return the report with the keys of `vnest sound zones`.

    Parameters
    ----------
    paths
        One WAV file a loudspeaker, a channel a microphone; or one SOFA file.
    seats
        Which microphones, counted from 1, belong to each seat.
    aim
        What the design strives for.
    out
        Folder for the filters, one WAV a seat with a channel a loudspeaker.

    Raises
    ------
    InputError
        Where files do not fit each other, a microphone is not there or belongs to two seats, a seat has fewer than two, or the responses
        hold no octave of 4 kHz.
    """
    responses = read_responses(paths)
    which = _microphones(responses, seats)
    started = perf_counter()
    rate = round(responses.rate_hz)
    taps = 1 << round(np.log2(_TAPS_S * rate))
    filtering = Filtering(rate_hz=rate, taps=taps, delay=taps * 3 // 8)
    if filtering.high_hz >= rate / 2:
        raise InputError(f"{rate:,} Hz hold no 7 kHz", expected="responses at 16,000 Hz or more", where=Where(str(paths[0])))
    known = [microphones[::2] for microphones in which]
    kept = [microphones[1::2] for microphones in which]
    designed = _correlations(responses, known, filtering.frequency)
    plain = _loudest(responses, which, len(filtering.frequency))
    weights = np.stack([zone_weights(designed[None], zone, plain[zone], aim) for zone in range(len(which))])
    filters = causal_filters(weights.swapaxes(1, 2), filtering)
    seconds = perf_counter() - started
    frequency = np.arange(_SCORE_START_HZ, BANDS_HZ[-1] * np.sqrt(2), _SCORE_STEP_HZ)
    realised = filter_response(filters, rate, frequency).swapaxes(1, 2)
    unseen, control = _correlations(responses, kept, frequency), _correlations(responses, known, frequency)
    raw = _loudest(responses, which, len(frequency))
    report: dict[str, Any] = {
        "cabin": "measured",
        "method": aim.method,
        "loudspeakers": list(responses.names),
        "seats": list(seats),
        "bands_hz": list(BANDS_HZ),
        "contrast_unseen_db": asdict(by_band(contrast(level_matrix(realised, unseen, frequency)))),
        "contrast_worst_condition_db": None,
        "contrast_control_db": asdict(by_band(contrast(level_matrix(realised, control, frequency)))),
        "contrast_plain_db": asdict(by_band(contrast(level_matrix(raw, unseen, frequency)))),
        "effort_db": [float(value) for value in effort_db(realised, control, frequency).max(axis=1)],
        "array_gain_db": [float(value) for value in array_gain_db(realised, control, frequency).mean(axis=1)],
        "taps": taps,
        "rate_hz": rate,
        "delay_s": filtering.delay / rate,
        "seconds": seconds,
    }
    if out:
        report["out"] = [str(path) for path in write_each(out, list(seats), filters, rate)]
    return report


def _microphones(responses: Responses, seats: Seats) -> list[list[int]]:
    """Return the microphones of each seat, from 0, after a look at whether they can be."""
    count = responses.samples.shape[1]
    if len(seats) < 2:  # noqa: PLR2004  # a zone and another
        raise InputError(f"{len(seats)} seat(s)", expected="at least two seats, --seat NAME=1-4 each")
    owner: dict[int, str] = {}
    for name, microphones in seats.items():
        if len(microphones) < 2:  # noqa: PLR2004  # one to design for, one to judge at
            raise InputError(
                f"{name} has {len(microphones)} microphone(s)", expected="two or more: each second one is kept to judge at"
            )
        for microphone in microphones:
            if not 1 <= microphone <= count:
                raise InputError(f"{name} names microphone {microphone}", expected=f"1 to {count}, as many as the files have")
            if owner.setdefault(microphone, name) != name:
                raise InputError(f"microphone {microphone} belongs to {owner[microphone]} and {name}", expected="one seat each")
    return [[microphone - 1 for microphone in microphones] for microphones in seats.values()]


def _correlations(responses: Responses, which: Sequence[Sequence[int]], frequency: Real) -> NDArray[np.complex128]:
    order = [microphone for microphones in which for microphone in microphones]
    seat = np.repeat(np.arange(len(which)), [len(microphones) for microphones in which])
    transfer = response_at(responses.samples[:, order], responses.rate_hz, frequency).swapaxes(0, 1)
    return correlations(transfer, seat, len(which))


def _loudest(responses: Responses, which: Sequence[Sequence[int]], frequencies: int) -> NDArray[np.complex128]:
    """Return what would be played without a design: each programme from the loudspeaker that its seat hears loudest."""
    energy = (responses.samples**2).sum(axis=2)
    plain = np.zeros((len(which), frequencies, len(energy)), complex)
    for zone, microphones in enumerate(which):
        plain[zone, :, int(energy[:, list(microphones)].sum(axis=1).argmax())] = 1.0
    return plain
