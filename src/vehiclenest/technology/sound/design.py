"""From a cabin to filters for every seat, and the report on what they are worth where and when the design never looked."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin
from vehiclenest.technology.sound.decay import impulse_responses
from vehiclenest.technology.sound.filters import Filtering, causal_filters, filter_response
from vehiclenest.technology.sound.listeners import Condition, receivers
from vehiclenest.technology.sound.response import Responses
from vehiclenest.technology.sound.robust import (
    design_conditions,
    joint_deviations,
    single_deviations,
    sitting_conditions,
    stacked_correlations,
)
from vehiclenest.technology.sound.score import (
    BANDS_HZ,
    array_gain_db,
    by_band,
    contrast,
    effort_db,
    level_matrix,
    pre_ringing_db,
    worst_condition,
)
from vehiclenest.technology.sound.zones import Aim, energy, zone_weights

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
Show = Callable[[str, int, int], None]
_PRE_RINGING_S = 0.005  # what comes this long before the peak is heard as an echo ahead of the sound
_GAIN_ROUNDS = 4
_SCORE_START_HZ, _SCORE_STEP_HZ = 89.3, 18.1  # no multiple of a filter's bins


@dataclass(frozen=True, slots=True)
class Design:
    """Filters for every seat's programme.

    Attributes
    ----------
    filters
        Shape (zones, loudspeakers, taps).
    seconds
        What the design took, responses included.
    limited
        Share of bins in which a gain limit made a programme softer.
    """

    cabin: Cabin
    aim: Aim
    filtering: Filtering
    robust: bool
    filters: Real
    seconds: float
    limited: float


def plain_weights(cabin: Cabin, frequencies: int) -> Complex:
    """Return what would be played without a design: each programme from the seat's own loudspeakers, shape (zones, frequencies, speakers).

    Raises
    ------
    InputError
        Where a seat has no loudspeaker of its own.
    """
    plain = np.zeros((len(cabin.seat), frequencies, len(cabin.loudspeaker)), complex)
    for zone, seat in enumerate(cabin.seat):
        own = [index for index, speaker in enumerate(cabin.loudspeaker) if speaker.seat == seat.name]
        if not own:
            raise InputError(
                f"no loudspeaker belongs to {seat.name}", expected=f'seat = "{seat.name}" in at least one loudspeaker'
            )
        plain[zone][:, own] = 1.0
    return plain


def design_zones(cabin: Cabin, aim: Aim, filtering: Filtering, *, robust: bool, show: Show) -> Design:
    """Design causal filters for every seat of a cabin."""
    started = perf_counter()
    frequency = filtering.frequency
    plain = plain_weights(cabin, len(frequency))
    stacked = stacked_correlations(Responses(cabin, frequency), design_conditions(robust=robust), "control", show)
    weights: list[Complex] = []
    for zone in range(len(cabin.seat)):
        weights.append(zone_weights(stacked, zone, plain[zone], aim))
        show("zones", zone + 1, len(cabin.seat))
    filters, limited = _within_gain(np.stack(weights), cabin, filtering)
    return Design(cabin, aim, filtering, robust, filters, perf_counter() - started, limited)


def _within_gain(weights: Complex, cabin: Cabin, filtering: Filtering) -> tuple[Real, float]:
    """Return causal filters that keep to every loudspeaker's limit at all frequencies, and the share of bins that were turned down.

    A programme is turned down at the frequencies where a loudspeaker would exceed its limit. Between bins a filter of finite length may
    still exceed it: the weights around are turned down again, and at last the whole programme.
    """
    limit = 10 ** (np.array([speaker.gain_limit_db for speaker in cabin.loudspeaker]) / 20)
    kept = weights / np.maximum((np.abs(weights) / limit).max(axis=2), 1.0)[:, :, None]
    fewer: NDArray[np.bool_] = (np.abs(kept) < np.abs(weights)).any(axis=2)
    limited = float(fewer.mean())
    fine = 8 * filtering.taps
    for _ in range(_GAIN_ROUNDS):
        filters = causal_filters(kept.swapaxes(1, 2), filtering)
        excess = np.asarray((np.abs(np.fft.rfft(filters, fine, axis=2)) / limit[:, None]).max(axis=1), dtype=float)
        if (excess <= 1).all():
            return filters, limited
        nearest: Real = np.rint(np.arange(0.0, excess.shape[1]) / 8)
        bins = np.clip(nearest, filtering.bins[0], filtering.bins[-1]).astype(int) - filtering.bins[0]
        turned = np.ones(kept.shape[:2])
        for zone, row in enumerate(excess):
            np.maximum.at(turned[zone], bins, row)
        wide = np.max([np.roll(turned, shift, axis=1) for shift in (-1, 0, 1)], axis=0)
        kept = kept / wide[:, :, None]
    filters = causal_filters(kept.swapaxes(1, 2), filtering)
    excess = np.asarray((np.abs(np.fft.rfft(filters, fine, axis=2)) / limit[:, None]).max(axis=(1, 2)), dtype=float)
    return filters / np.maximum(excess, 1.0)[:, None, None], limited


def score_design(design: Design, seed: int, show: Show) -> dict[str, Any]:
    """Return the report of a design, as `vnest sound zones --json` prints it."""
    cabin = design.cabin
    frequency = np.arange(_SCORE_START_HZ, BANDS_HZ[-1] * np.sqrt(2), _SCORE_STEP_HZ)
    responses = Responses(cabin, frequency)
    weights = filter_response(design.filters, design.filtering.rate_hz, frequency).swapaxes(1, 2)
    control = stacked_correlations(responses, design_conditions(robust=False), "control", show)[0]
    sitting = [Condition()] if cabin.evaluation else sitting_conditions(seed)
    unseen = stacked_correlations(responses, sitting, "evaluation", show).mean(axis=0)
    single, joint = single_deviations(cabin, seed), joint_deviations(cabin, seed)
    every = stacked_correlations(responses, [*single, *joint], "evaluation", show)
    ratios = np.stack([contrast(level_matrix(weights, correlation, frequency)) for correlation in every])
    plain = contrast(level_matrix(plain_weights(cabin, len(frequency)), unseen, frequency))
    single_ratios, joint_ratios = ratios[: len(single)], ratios[len(single) :]
    return {
        "cabin": cabin.name,
        "method": design.aim.method,
        "robust": design.robust,
        "seats": [seat.name for seat in cabin.seat],
        "bands_hz": list(BANDS_HZ),
        "contrast_unseen_db": asdict(by_band(contrast(level_matrix(weights, unseen, frequency)))),
        "contrast_worst_condition_db": asdict(worst_condition(single_ratios)),
        "contrast_joint_deviation_db": asdict(worst_condition(joint_ratios)),
        "contrast_control_db": asdict(by_band(contrast(level_matrix(weights, control, frequency)))),
        "contrast_plain_db": asdict(by_band(plain)),
        "conditions": [
            {"name": condition.name, **asdict(by_band(ratio))} for condition, ratio in zip([*single, *joint], ratios, strict=True)
        ],
        "effort_db": [float(value) for value in effort_db(weights, control, frequency).max(axis=1)],
        "array_gain_db": [float(value) for value in array_gain_db(weights, control, frequency).mean(axis=1)],
        "level_change_db": _level_change(weights, control, frequency, cabin),
        "pre_ringing_db": _pre_ringing(design),
        "gain_limited": design.limited,
        "taps": design.filtering.taps,
        "rate_hz": design.filtering.rate_hz,
        "delay_s": design.filtering.delay / design.filtering.rate_hz,
        "schroeder_hz": responses.schroeder_hz(),
        "seconds": design.seconds,
    }


def pair_contrast(design: Design, seed: int, show: Show) -> dict[tuple[str, str], Real]:
    """Return the contrast at unseen ears of every pair (seat of the programme, other seat), dB by octave of `BANDS_HZ`."""
    frequency = np.arange(_SCORE_START_HZ, BANDS_HZ[-1] * np.sqrt(2), _SCORE_STEP_HZ)
    weights = filter_response(design.filters, design.filtering.rate_hz, frequency).swapaxes(1, 2)
    conditions = [Condition()] if design.cabin.evaluation else sitting_conditions(seed)
    unseen = stacked_correlations(Responses(design.cabin, frequency), conditions, "evaluation", show).mean(axis=0)
    ratio = contrast(level_matrix(weights, unseen, frequency))
    seats = [seat.name for seat in design.cabin.seat]
    pairs = [(own, other) for own in seats for other in seats if own != other]
    return {pair: ratio[:, index] for index, pair in enumerate(pairs)}


def _pre_ringing(design: Design) -> dict[str, float]:
    """Return for every seat the energy ahead of its own programme's sound at the louder ear, dB of all of it."""
    cabin, rate = design.cabin, design.filtering.rate_hz
    samples = 2 * design.filtering.taps
    points = receivers(cabin, Condition(), "control")
    responses = impulse_responses(cabin, points, rate, samples)
    found: dict[str, float] = {}
    for zone, seat in enumerate(cabin.seat):
        spectrum = np.fft.rfft(design.filters[zone], 2 * samples) * np.fft.rfft(responses[points.seat == zone], 2 * samples)
        heard = np.fft.irfft(spectrum.sum(axis=1), 2 * samples)
        loudest = heard[np.sum(heard**2, axis=1).argmax()]
        found[seat.name] = pre_ringing_db(loudest, rate, _PRE_RINGING_S)
    return found


def _level_change(weights: Complex, control: Complex, frequency: Real, cabin: Cabin) -> list[float]:
    """Return by band how much louder the softest programme is in its zone than without a design, dB."""
    plain = plain_weights(cabin, len(frequency))
    own = np.einsum("bzz->bz", level_matrix(weights, control, frequency))
    before = np.einsum("bzz->bz", level_matrix(plain, control, frequency))
    return [float(value) for value in (10 * np.log10(own / before)).min(axis=1)]


def zone_levels_db(design: Design, frequency: Real) -> Real:
    """Return the level of each programme at each seat's ears with nobody moved, dB, shape (programmes, seats, frequencies)."""
    responses = Responses(design.cabin, frequency)
    correlation = stacked_correlations(responses, [Condition()], "evaluation", lambda _stage, _done, _total: None)[0]
    weights = filter_response(design.filters, design.filtering.rate_hz, frequency).swapaxes(1, 2)
    return 10 * np.log10(np.stack([energy(programme, correlation) for programme in weights]))
