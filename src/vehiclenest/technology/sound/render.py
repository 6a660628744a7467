"""What every seat hears of all programmes, and the convolution that does it block by block.

Method: uniformly partitioned convolution in the frequency domain, overlap-save (Wefers, Partitioned convolution algorithms for real-time
auralization, 2015): filters are cut into pieces of one block, so that sound comes out one block after it went in, however long they are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.decay import impulse_responses
from vehiclenest.technology.sound.design import Design
from vehiclenest.technology.sound.listeners import Condition, ears

Real = NDArray[np.float64]
Show = Callable[[str, int, int], None]
BLOCK = 128  # samples: 8 ms at 16 kHz
_RESPONSE = 4096  # samples of the cabin's response: .26 s at 16 kHz, five times its decay
_EARS = 2


class Convolver:
    """Filters from inputs to outputs, run block by block.

    Parameters
    ----------
    filters
        Shape (inputs, outputs, taps).
    block
        Samples that go in and come out at a time.
    """

    def __init__(self, filters: Real, block: int = BLOCK) -> None:
        inputs, _, taps = filters.shape
        parts = -(-taps // block)
        padded = np.zeros((*filters.shape[:2], parts * block))
        padded[..., :taps] = filters
        pieces = padded.reshape(*filters.shape[:2], parts, block)
        spectra = np.fft.rfft(pieces, 2 * block, axis=-1)
        self._spectra = np.ascontiguousarray(spectra.transpose(3, 2, 0, 1).reshape(block + 1, parts * inputs, -1))
        self._delayed = np.zeros((parts, inputs, block + 1), complex)
        self._before = np.zeros((inputs, block))
        self.block = block

    def process(self, samples: Real) -> Real:
        """Return the next block of every output, shape (outputs, block), for the next block of every input, shape (inputs, block)."""
        self._delayed = np.roll(self._delayed, 1, axis=0)
        self._delayed[0] = np.fft.rfft(np.concatenate([self._before, samples], axis=1), axis=1)
        self._before = samples
        past = self._delayed.reshape(-1, self.block + 1).T[:, None, :]
        return np.fft.irfft((past @ self._spectra)[:, 0].T, 2 * self.block, axis=1)[:, self.block :]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the seats hear, shape (seats, 2, samples), and what the block-by-block part took."""

    heard: Real
    report: dict[str, Any]


def programmes_of(design: Design, programmes: Mapping[str, Real]) -> Real:
    """Return the programmes of all zones, shape (zones, samples), silence where a seat has none.

    Raises
    ------
    InputError
        Where a programme names no seat, or there is none.
    """
    seats = [seat.name for seat in design.cabin.seat]
    if not programmes:
        raise InputError("there is no programme", expected="--zone SEAT=FILE.wav, at least one")
    if unknown := next((name for name in programmes if name not in seats), None):
        raise InputError(f"there is no seat {unknown!r}", expected=f"one of {', '.join(seats)}")
    length = max(len(samples) for samples in programmes.values())
    out = np.zeros((len(seats), length))
    for name, samples in programmes.items():
        out[seats.index(name), : len(samples)] = samples
    return out


def render(design: Design, programmes: Mapping[str, Real], show: Show) -> Rendered:
    """Return what every seat hears when the zones play their programmes, each a mono signal at the rate of the filters."""
    signals = programmes_of(design, programmes)
    started = perf_counter()
    played = feeds(design, signals, show)
    seconds = perf_counter() - started
    rate, cabin = design.filtering.rate_hz, design.cabin
    responses = impulse_responses(cabin, ears(cabin, Condition()), rate, _RESPONSE)
    at_ears = [np.sum(convolved(played, response), axis=0) for response in responses]
    heard = np.stack(at_ears).reshape(len(cabin.seat), _EARS, -1)
    length = signals.shape[1] / rate
    return Rendered(
        heard,
        {
            "seats": [seat.name for seat in cabin.seat],
            "seconds_of_sound": length,
            "real_time_factor": length / seconds,
            "block_samples": BLOCK,
            "block_latency_s": BLOCK / rate,
            "filter_delay_s": design.filtering.delay / rate,
            "level_db": _levels(heard),
        },
    )


def convolved(signals: Real, responses: Real) -> Real:
    """Return each signal through its response, shapes (loudspeakers, n)."""
    return np.asarray(oaconvolve(signals, responses, axes=-1), dtype=float)


def feeds(design: Design, signals: Real, show: Show) -> Real:
    """Return what the loudspeakers play, shape (loudspeakers, samples and what the filters ring), worked block by block."""
    convolver = Convolver(design.filters)
    blocks = -(-(signals.shape[1] + design.filters.shape[2]) // BLOCK)
    padded = np.zeros((len(signals), blocks * BLOCK))
    padded[:, : signals.shape[1]] = signals
    out = np.empty((design.filters.shape[1], blocks * BLOCK))
    for index in range(blocks):
        piece = slice(index * BLOCK, (index + 1) * BLOCK)
        out[:, piece] = convolver.process(padded[:, piece])
        if index % 1000 == 0:
            show("render", index, blocks)
    show("render", blocks, blocks)
    return out


def _levels(heard: Real) -> list[float]:
    """Return the level at every seat, mean of both ears, dB re full scale."""
    power: Real = np.mean(heard**2, axis=(1, 2))
    return [float(level) for level in 10 * np.log10(np.maximum(power, 1e-20))]


def play(design: Design, programmes: Mapping[str, Real]) -> None:
    """Play over the machine's loudspeakers, a channel each in the order of the cabin's file, until the programmes end.

    Raises
    ------
    InputError
        Where there is no PortAudio, or no device with that many channels.
    """
    signals = programmes_of(design, programmes)
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise InputError(f"nothing can be played here: {error}", expected="sounddevice with PortAudio") from None
    convolver = Convolver(design.filters)
    position = 0

    def fill(out: NDArray[np.float32], _frames: int, _time: object, _status: object) -> None:
        nonlocal position
        piece = np.zeros((len(signals), BLOCK))
        part = signals[:, position : position + BLOCK]
        piece[:, : part.shape[1]] = part
        out[:] = convolver.process(piece).T
        position += BLOCK
        if position > signals.shape[1] + design.filters.shape[2]:
            raise sounddevice.CallbackStop

    try:
        with sounddevice.OutputStream(
            samplerate=design.filtering.rate_hz, blocksize=BLOCK, channels=design.filters.shape[1], callback=fill
        ) as stream:
            while stream.active:
                sounddevice.sleep(100)  # pyright: ignore[reportUnknownMemberType]  # sounddevice carries no types
    except (sounddevice.PortAudioError, ValueError) as error:
        raise InputError(
            f"no sound device takes {design.filters.shape[1]} channels: {error}", expected="a multichannel device as the default"
        ) from None
