"""What zone filters are worth: contrast between every two seats, effort, array gain, pre-ringing, by octave band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vehiclenest.technology.sound.zones import energy, least_effort

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
BANDS_HZ = (125, 250, 500, 1000, 2000, 4000)


@dataclass(frozen=True, slots=True)
class ByBand:
    """Figures by octave band: the mean over ordered pairs of seats, and the worst pair."""

    mean: list[float]
    worst: list[float]


def octave(frequency: Real, centre_hz: float) -> NDArray[np.bool_]:
    """Return which frequencies are in an octave band."""
    return (frequency >= centre_hz / np.sqrt(2)) & (frequency < centre_hz * np.sqrt(2))


def level_matrix(weights: Complex, correlation: Complex, frequency: Real) -> Real:
    """Return the energy of each programme at each seat by band, shape (bands, programmes, seats), averaged over frequency and points.

    Parameters
    ----------
    weights
        Shape (programmes, frequencies, speakers).
    correlation
        Shape (seats, frequencies, speakers, speakers).
    frequency
        Hz.
    """
    by_frequency = np.stack([energy(programme, correlation) for programme in weights])
    return np.stack([by_frequency[:, :, octave(frequency, centre)].mean(axis=2) for centre in BANDS_HZ])


def contrast(levels: Real) -> Real:
    """Return the contrast in dB of programme over seat for every ordered pair, shape (bands, pairs), from levels (bands, zones, zones)."""
    zones = levels.shape[1]
    own = np.einsum("bzz->bz", levels)
    ratio = 10 * np.log10(own[:, :, None] / levels)
    return ratio[:, ~np.eye(zones, dtype=bool)]


def by_band(ratio: Real) -> ByBand:
    """Return mean and worst of contrasts, shape (bands, pairs)."""
    return ByBand([float(value) for value in ratio.mean(axis=1)], [float(value) for value in ratio.min(axis=1)])


def worst_condition(ratios: Real) -> ByBand:
    """Return, by band, the lowest mean and the lowest pair of any condition, from contrasts (conditions, bands, pairs)."""
    return ByBand([float(v) for v in ratios.mean(axis=2).min(axis=0)], [float(v) for v in ratios.min(axis=(0, 2))])


def effort_db(weights: Complex, correlation: Complex, frequency: Real) -> Real:
    """Return the effort over the least that brings the same level to the zone alone, dB, shape (bands, zones).

    Both are summed over the band. The least-effort solution of a zone alone is the strongest eigenvector of its correlation.
    """
    found = np.zeros((len(BANDS_HZ), len(weights)))
    for zone, programme in enumerate(weights):
        spent = np.sum(np.abs(programme) ** 2, axis=1)
        least = energy(programme, correlation[zone]) / least_effort(correlation[zone])
        for band, centre in enumerate(BANDS_HZ):
            inside = octave(frequency, centre)
            found[band, zone] = 10 * np.log10(spent[inside].sum() / least[inside].sum())
    return found


def array_gain_db(weights: Complex, correlation: Complex, frequency: Real) -> Real:
    """Return the level in the zone over that of the best single loudspeaker driven with the same effort, dB, shape (bands, zones)."""
    found = np.zeros((len(BANDS_HZ), len(weights)))
    for zone, programme in enumerate(weights):
        single = np.einsum("fll->fl", correlation[zone]).real
        spent = np.sum(np.abs(programme) ** 2, axis=1)
        for band, centre in enumerate(BANDS_HZ):
            inside = octave(frequency, centre)
            best = (single[inside] * spent[inside, None]).sum(axis=0).max()
            found[band, zone] = 10 * np.log10(energy(programme, correlation[zone])[inside].sum() / best)
    return found


def pre_ringing_db(impulse: Real, rate_hz: float, before_s: float) -> float:
    """Return the energy of an impulse response that arrives more than `before_s` ahead of its peak, in dB of all of it."""
    square = impulse**2
    start = max(0, int(square.argmax()) - round(before_s * rate_hz))
    return float(10 * np.log10(max(square[:start].sum() / square.sum(), 1e-12)))
