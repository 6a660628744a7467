"""Crosstalk cancellation: filters from two ear signals to loudspeakers, so that each ear hears its own signal alone.

The paths from loudspeakers to ears are inverted at every frequency with Tikhonov regularisation (Nelson and Elliott 1992; Choueiri 2008),
as little of it as keeps the effort within its limit; the result becomes causal filters of stated length and delay. All figures come from
the finished filters, convolved with paths that the design may not have known: a turned head, another head.

The target is what the ear hears of the loudspeaker on its own side without any filter: cancellation changes no sound that reaches the
right ear, and an effort of 0 dB is plain playback. Effort is the largest gain from any pair of ear signals to the loudspeakers together
(the largest singular value of the filters), the strictest of the usual measures.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vehiclenest.core.constants import Row, load_table
from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.octave import Array

Spectrum = NDArray[np.complex128]
EARS = 2
_HALF_BAND = 1 / 6  # octaves from the centre of a third octave to its edge
_LOWEST_HZ = 1e-3  # stands for 0 Hz where octaves are counted
_LEAST, _MOST, _HALVINGS = 1e-9, 1e6, 40  # regularisation against the largest squared singular value, and steps of the search


def constants() -> Row:
    """Return the constants of crosstalk cancellation."""
    return load_table(Path(__file__).with_name("crosstalk.toml"))["design"]


@dataclass(frozen=True, slots=True)
class Canceller:
    """Crosstalk-cancellation filters.

    Attributes
    ----------
    filters
        Impulse responses, shape (loudspeakers, signals, taps); the signals of a plain canceller are those for left and right ear.
    rate_hz
        Sample rate in Hz.
    delay
        Samples by which the ears hear later than without filters.
    """

    filters: Array
    rate_hz: float
    delay: int

    def effort_db(self, frequencies_hz: Array) -> Array:
        """Return the effort at each frequency in dB: the largest gain from ear signals to loudspeakers."""
        return _effort_db(response_at(self.filters, self.rate_hz, frequencies_hz))

    def peak_gain_db(self, frequencies_hz: Array) -> float:
        """Return the largest gain of a single filter in dB."""
        return float(20 * np.log10(np.abs(response_at(self.filters, self.rate_hz, frequencies_hz)).max()))


def response_at(impulses: Array, rate_hz: float, frequencies_hz: Array) -> Spectrum:
    """Return the frequency responses of impulse responses, shape (..., n), at frequencies, as shape (..., frequencies)."""
    time = np.arange(float(impulses.shape[-1])) / rate_hz
    phase: Array = 2 * np.pi * np.outer(time, frequencies_hz)
    return impulses @ np.cos(phase) - 1j * (impulses @ np.sin(phase))


def design(
    paths: Array, rate_hz: float, taps: int | None = None, limit_db: float | None = None, wanted: Array | None = None
) -> Canceller:
    """Return filters that cancel the crosstalk of paths from loudspeakers to ears.

    Parameters
    ----------
    paths
        Impulse responses, shape (loudspeakers, 2, n), left ear first.
    rate_hz
        Sample rate in Hz.
    taps, limit_db
        Length of the filters in samples and limit of their effort; by default as in crosstalk.toml.
    wanted
        What the ears are to hear of each signal, shape (2, signals, n); by default two signals, one for each ear, as the loudspeaker on its
        own side would play it.

    Raises
    ------
    InputError
        Where there are fewer loudspeakers than ears, the filters would be shorter than the paths, or the limit is below plain playback.
    """
    row = constants()
    taps = int(row.number("taps")) if taps is None else taps
    limit_db = row.number("limit") if limit_db is None else limit_db
    _check(paths, taps, limit_db)
    size = 1 << int(np.ceil(np.log2(row.number("circle") * taps)))
    plant = np.moveaxis(np.fft.rfft(paths, size), -1, 0).swapaxes(1, 2)  # frequency, ear, loudspeaker
    target = _own_side(plant)[:, :, None] * np.eye(EARS) if wanted is None else np.moveaxis(np.fft.rfft(wanted, size), -1, 0)
    target = target * np.exp(-2j * np.pi * np.fft.rfftfreq(size) * (taps // 2))[:, None, None]
    shape_db = _limit_shape_db(size, rate_hz, row)
    filters, aim = np.empty(0), limit_db
    for _ in range(int(row.number("attempts"))):
        inverse = _inverse_within(plant, target, 10 ** ((aim + shape_db) / 20))
        filters = np.fft.irfft(np.moveaxis(inverse, 0, -1), size)[..., :taps] * _window(taps, row)
        excess = float((_effort_db(np.fft.rfft(filters, size)) - shape_db)[shape_db == 0].max()) - limit_db
        if excess <= 0:
            break
        aim -= excess + row.number("margin")  # cutting to length had added to it
    return Canceller(filters, rate_hz, taps // 2)


def _check(paths: Array, taps: int, limit_db: float) -> None:
    if paths.ndim != EARS + 1 or paths.shape[1] != EARS or len(paths) < EARS:
        raise InputError(f"paths have shape {paths.shape}", expected="at least two loudspeakers, two ears, samples")
    if not np.isfinite(paths).all() or (np.abs(paths).max(axis=(1, 2)) == 0).any():
        raise InputError("the paths of a loudspeaker are silent or not finite", expected="a response from every loudspeaker")
    if taps < paths.shape[-1]:
        raise InputError(
            f"filters of {taps} samples for paths of {paths.shape[-1]}", expected="filters at least as long as the paths"
        )
    if limit_db <= 0:
        raise InputError(f"an effort of {limit_db:g} dB", expected="above 0 dB, which is plain playback")


def _effort_db(spectrum: Spectrum) -> Array:
    """Return the largest gain from signals to loudspeakers, spectrum of shape (loudspeakers, signals, f), in dB, shape (f,)."""
    return 20 * np.log10(np.linalg.svd(np.moveaxis(spectrum, -1, 0), compute_uv=False)[:, 0])


def _own_side(plant: Spectrum) -> Spectrum:
    """Return what each ear hears of the loudspeaker that reaches it best over all frequencies, shape (f, 2)."""
    strength = (np.abs(plant) ** 2).sum(axis=0)
    return np.stack([plant[:, ear, strength[ear].argmax()] for ear in range(EARS)], axis=1)


def _limit_shape_db(size: int, rate_hz: float, row: Row) -> Array:
    """Return how far the limit falls outside of the third octaves of the band; 0 within."""
    frequencies = np.maximum(np.fft.rfftfreq(size, 1 / rate_hz), _LOWEST_HZ)
    octaves = np.maximum(np.log2(row.number("from") / frequencies), np.log2(frequencies / row.number("to"))) - _HALF_BAND
    return -row.number("slope") * np.maximum(octaves, 0)


def _inverse_within(plant: Spectrum, target: Spectrum, limits: Array) -> Spectrum:
    """Return the regularised inverse times the target with the least regularisation within each frequency's limit, shape (f, s, 2)."""
    left, values, right = np.linalg.svd(plant, full_matrices=False)
    wanted = left.conj().swapaxes(1, 2) @ target
    scale = (values**2).max()
    beta = np.full(len(plant), _LEAST * scale)
    bound = np.flatnonzero(_gain(values, wanted, beta) > limits)
    low, high = beta[bound], np.full(len(bound), _MOST * scale)
    for _ in range(_HALVINGS):
        middle = np.sqrt(low * high)
        within = _gain(values[bound], wanted[bound], middle) <= limits[bound]
        low, high = np.where(within, low, middle), np.where(within, middle, high)
    beta[bound] = high
    return right.conj().swapaxes(1, 2) @ ((values / (values**2 + beta[:, None]))[..., None] * wanted)


def _gain(values: Array, wanted: Spectrum, beta: Array) -> Array:
    gains = np.linalg.svd((values / (values**2 + beta[:, None]))[..., None] * wanted, compute_uv=False)
    return np.asarray(gains[:, 0], dtype=float)


def _window(taps: int, row: Row) -> Array:
    """Return ones that fade to zero over a share of the length at both ends."""
    fade = max(1, int(row.number("fade") * taps))
    ramp = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade) ** 2
    return np.concatenate([ramp, np.ones(taps - 2 * fade), ramp[::-1]])


def bands_hz() -> Array:
    """Return the third octaves that separation is told in."""
    row = constants()
    first, last = (round(10 * np.log10(row.number(name))) for name in ("from", "to"))
    return np.array([10 ** (step / 10) for step in range(first, last + 1)])


def separation_db(canceller: Canceller, paths: Array, bands: Array | None = None) -> Array:
    """Return by how much each ear's own signal stands above what crosses over to it, by third octave.

    Parameters
    ----------
    canceller
        The filters.
    paths
        From loudspeakers to the ears as they are when somebody listens, shape (loudspeakers, 2, n).
    bands
        Centres in Hz, by default those of `bands_hz`; of the first and last third octave only what lies in the range of the design.

    Returns
    -------
    Array
        Shape (bands, 2), in dB: energy of a band at the ear that a signal is for, over that at the other ear, a column a signal.
    """
    bands = bands_hz() if bands is None else bands
    row = constants()
    lines = int(row.number("lines"))
    found = np.empty((len(bands), EARS))
    for index, centre in enumerate(bands):
        first = max(centre * 2**-_HALF_BAND, row.number("from"))
        last = min(centre * 2**_HALF_BAND, row.number("to"))
        frequencies: Array = first * (last / first) ** np.linspace(0.0, 1.0, lines)
        plant = response_at(paths, canceller.rate_hz, frequencies)
        filters = response_at(canceller.filters, canceller.rate_hz, frequencies)
        power = (np.abs(np.einsum("sef,sif->eif", plant, filters)) ** 2).sum(axis=-1)
        found[index] = 10 * np.log10(np.diag(power) / power[::-1].diagonal())
    return found


def natural_separation_db(paths: Array, rate_hz: float) -> Array:
    """Return the separation of plain playback, each ear's signal from the loudspeaker that reaches it best, shape (bands, 2)."""
    best = (paths**2).sum(axis=-1).argmax(axis=0)
    filters = np.zeros((len(paths), EARS, 1))
    filters[best, np.arange(EARS), 0] = 1
    return separation_db(Canceller(filters, rate_hz, 0), paths)
