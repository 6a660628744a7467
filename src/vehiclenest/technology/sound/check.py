"""A simulated cabin beside a measured one: decay times and response by band, both reported."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.decay import band_levels_db, decay_times, impulse_responses
from vehiclenest.technology.sound.listeners import Condition, receivers
from vehiclenest.technology.sound.response import Responses

Real = NDArray[np.float64]
RATE_HZ = 16_000
SAMPLES = 8_192  # 0.5 s: a decay of 60 dB in .15 s has long ended
_BANDS_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0)
_THIRDS_HZ = 1000.0 * 2.0 ** (np.arange(-11, 3) / 3)  # 79 Hz to 1.6 kHz: where a woofer plays


def cabin_report(cabin: Cabin, source: str | None, measured: tuple[Real, float] | None) -> tuple[dict[str, Any], Real]:
    """Return the report of a cabin and its impulse responses, shape (receivers, loudspeakers, samples).

    Parameters
    ----------
    source
        Loudspeaker whose response is compared; the first where None.
    measured
        A measured impulse response and its sample rate, Hz.

    Raises
    ------
    InputError
        Where there is no such loudspeaker, or the measured response is silent.
    """
    names = [speaker.name for speaker in cabin.loudspeaker]
    if source is not None and source not in names:
        raise InputError(f"there is no loudspeaker {source!r}", expected=f"one of {', '.join(names)}")
    responses = impulse_responses(cabin, receivers(cabin, Condition(), "evaluation"), RATE_HZ, SAMPLES)
    speaker = names.index(source) if source else 0
    decays = [decay_times(response, RATE_HZ, _BANDS_HZ) for response in responses.reshape(-1, SAMPLES)]
    report: dict[str, Any] = {
        "cabin": cabin.name,
        "bands_hz": list(_BANDS_HZ),
        "t20_simulated_s": [_median([decay[band] for decay in decays]) for band in range(len(_BANDS_HZ))],
        "eyring_s": [float(value) for value in np.interp(np.log(_BANDS_HZ), np.log(cabin.absorption.hz), cabin.eyring_decay_s())],
        "schroeder_hz": Responses(cabin, np.array(_BANDS_HZ)).schroeder_hz(),
        "rate_hz": RATE_HZ,
        "loudspeaker": names[speaker],
    }
    if measured is not None:
        impulse, rate = measured
        report["t20_measured_s"] = decay_times(impulse, rate, _BANDS_HZ)
        there = band_levels_db(impulse, rate, _THIRDS_HZ, 3)
        here = np.mean([band_levels_db(response, RATE_HZ, _THIRDS_HZ, 3) for response in responses[:2, speaker]], axis=0)
        report |= {
            "response_hz": [float(value) for value in _THIRDS_HZ],
            "response_simulated_db": [float(value) for value in here],
            "response_measured_db": [float(value) for value in there],
            "response_difference_db": float(np.std(here - there)),
        }
    return report, responses


def _median(values: list[float | None]) -> float | None:
    """Return the median of a band's decay times, None where fewer than half could be read."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if 2 * len(known) >= len(values) else None
