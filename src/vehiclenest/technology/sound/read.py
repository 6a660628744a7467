# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# sofar and soundfile carry no types
"""Measured responses and programmes read from WAV and SOFA, and binaural WAV written.

A WAV file is one loudspeaker, its channels are the microphones. SOFA (AES69) holds either a head in the free field
(`SimpleFreeFieldHRIR`) or loudspeakers in a room (`SingleRoomSRIR`, `SingleRoomMIMOSRIR`, `MultiSpeakerBRIR`, `GeneralFIR`,
`GeneralFIR-E`). What does not fit is one `InputError` that names the file.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vehiclenest.core.errors import InputError, Where
from vehiclenest.technology.sound.octave import Array

HEAD_CONVENTION = "SimpleFreeFieldHRIR"
_BY_MEASUREMENT = ("SingleRoomSRIR", "GeneralFIR")  # Data.IR: measurement × receiver × sample
_BY_EMITTER = ("SingleRoomMIMOSRIR", "MultiSpeakerBRIR", "GeneralFIR-E")  # Data.IR: measurement × receiver × sample × emitter
_SILENT = 1e-9  # of full scale: below the last bit of 24


@dataclass(frozen=True, slots=True)
class Responses:
    """Impulse responses from loudspeakers to microphones or ears.

    Attributes
    ----------
    samples
        Shape (loudspeakers, receivers, n).
    rate_hz
        Sample rate in Hz.
    names
        One name a loudspeaker.
    """

    samples: Array
    rate_hz: float
    names: tuple[str, ...]


def read_wav(path: Path) -> tuple[Array, float]:
    """Return the samples of an audio file, shape (channels, n), and its sample rate in Hz.

    Raises
    ------
    InputError
        Where the file cannot be read as audio, is empty, silent or not finite.
    """
    import soundfile

    where = Where(str(path))
    try:
        samples, rate = soundfile.read(path, always_2d=True, dtype="float64")
    except (OSError, RuntimeError) as error:
        raise InputError(f"cannot be read as audio: {_reason(error)}", expected="a WAV or FLAC file", where=where) from None
    return _sounding(np.array(samples.T, dtype=float, order="C"), where), float(rate)


def write_wav(path: Path, samples: Array, rate_hz: float) -> None:
    """Write channels, shape (channels, n), as WAV of 32-bit floats: nothing clips."""
    import soundfile

    soundfile.write(path, samples.T, round(rate_hz), subtype="FLOAT")


def read_responses(paths: Sequence[Path]) -> Responses:
    """Read responses out of one SOFA file, or of one WAV file a loudspeaker.

    Raises
    ------
    InputError
        Where sample rates or numbers of microphones differ, a response is silent, or the SOFA file has another convention.
    """
    if not paths:
        raise InputError("there is no file of responses", expected="one SOFA file, or one WAV file a loudspeaker")
    if paths[0].suffix.lower() == ".sofa":
        if len(paths) > 1:
            raise InputError(f"{len(paths)} SOFA files at once", expected="one", where=Where(str(paths[1])))
        return _read_sofa_responses(paths[0])
    read = [read_wav(path) for path in paths]
    samples, rate = read[0]
    for path, (others, other_rate) in zip(paths[1:], read[1:], strict=True):
        require_rate(other_rate, rate, path, paths[0].name)
        if len(others) != len(samples):
            raise InputError(
                f"{len(others)} channels",
                expected=f"{len(samples)}, as in {paths[0].name}: one a microphone",
                where=Where(str(path)),
            )
    taps = max(found.shape[1] for found, _ in read)
    return Responses(
        np.stack([np.pad(found, ((0, 0), (0, taps - found.shape[1]))) for found, _ in read]),
        rate,
        tuple(path.stem for path in paths),
    )


def require_rate(rate_hz: float, expected_hz: float, path: Path, of: str) -> None:
    """Raise `InputError` where the sample rate of a file is not that of what it is used with."""
    if rate_hz != expected_hz:
        raise InputError(
            f"sample rate {rate_hz:g} Hz", expected=f"{expected_hz:g} Hz, as {of}; resample one of them", where=Where(str(path))
        )


def read_sofa(path: Path, conventions: Sequence[str]) -> Any:
    """Return a verified SOFA object of one of the conventions.

    Raises
    ------
    InputError
        Where the file cannot be read, breaks its convention or follows another.
    """
    import sofar

    where = Where(str(path))
    expected = f"a SOFA file of convention {' or '.join(conventions)}"
    if not path.is_file():
        raise InputError("there is no such file", expected=expected, where=where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Any = sofar.read_sofa(str(path), verbose=False)
    except (OSError, ValueError, RuntimeError, AttributeError, KeyError) as error:
        raise InputError(f"cannot be read as SOFA: {_reason(error)}", expected=expected, where=where) from None
    if (convention := found.GLOBAL_SOFAConventions) not in conventions:
        raise InputError(f"the SOFA convention is {convention}", expected=expected, where=where)
    return found


def sofa_impulses(found: Any, path: Path) -> tuple[Array, float]:
    """Return the impulse responses of a SOFA object with their delays in them, and the sample rate in Hz."""
    samples = np.asarray(found.Data_IR, dtype=float)
    if str(found.Data_SamplingRate_Units).lower() not in {"hertz", "hz"} or np.size(found.Data_SamplingRate) != 1:
        raise InputError(
            "the sample rate is not one number in hertz", expected="Data.SamplingRate in hertz", where=Where(str(path))
        )
    rate = float(np.ravel(found.Data_SamplingRate)[0])
    delays = np.asarray(found.Data_Delay, dtype=float)
    if delays.any():
        samples = _delayed(samples, delays)
    return samples, rate


def _delayed(samples: Array, delays: Array) -> Array:
    """Return responses, shape (m, r, n) or (m, r, n, e), each later by its delay in samples, fractions by phase."""
    axis = 2
    delays = np.expand_dims(delays, axis)
    n = samples.shape[axis] + int(np.ceil(delays.max())) + 1
    turns = -2j * np.pi * np.fft.rfftfreq(n)
    spectrum = np.fft.rfft(samples, n, axis=axis)
    shape = (1, 1, -1, *(1,) * (samples.ndim - 3))
    return np.fft.irfft(spectrum * np.exp(turns.reshape(shape) * delays), n, axis=axis)


def _read_sofa_responses(path: Path) -> Responses:
    found = read_sofa(path, (*_BY_MEASUREMENT, *_BY_EMITTER))
    samples, rate = sofa_impulses(found, path)
    if samples.ndim == 4:  # noqa: PLR2004 one measurement of several emitters
        if len(samples) != 1:
            raise InputError(
                f"{len(samples)} measurements", expected="one measurement of several emitters", where=Where(str(path))
            )
        samples = np.moveaxis(samples[0], -1, 0)
    samples = np.ascontiguousarray(samples)
    where = Where(str(path))
    for source in samples:
        _sounding(source, where)
    return Responses(samples, rate, tuple(f"{path.stem}-{number + 1}" for number in range(len(samples))))


def _sounding(samples: Array, where: Where) -> Array:
    if not samples.size:
        raise InputError("there are no samples", expected="a recording", where=where)
    if not np.isfinite(samples).all():
        raise InputError("samples are not finite", expected="numbers", where=where)
    silent = np.flatnonzero(np.abs(samples).max(axis=1) < _SILENT)
    if len(silent):
        raise InputError(f"channel {silent[0] + 1} is silent", expected="a signal in every channel", where=where)
    return samples


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
