"""Measured responses: what is read is what was written, and what does not fit is one error that names the file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.technology.sound.conftest import RATE, write_sofa

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.hrtf import Head, read_head
from vehiclenest.technology.sound.read import read_responses, read_wav, write_wav

random = np.random.default_rng(5)


def wav(path: Path, channels: int = 2, rate: int = 48_000, samples: int = 400) -> Path:
    soundfile.write(path, random.standard_normal((samples, channels)) * 0.1, rate, subtype="FLOAT")
    return path


def test_one_wav_a_loudspeaker_becomes_one_matrix(tmp_path: Path) -> None:
    paths = [wav(tmp_path / "left.wav"), wav(tmp_path / "right.wav", samples=300)]
    found = read_responses(paths)
    assert found.samples.shape == (2, 2, 400)
    assert found.rate_hz == 48_000
    assert found.names == ("left", "right")
    assert not found.samples[1, :, 300:].any()


def test_what_is_written_is_read_again_without_clipping(tmp_path: Path) -> None:
    loud = 3 * random.standard_normal((2, 100))
    write_wav(tmp_path / "loud.wav", loud, 44_100)
    samples, rate = read_wav(tmp_path / "loud.wav")
    assert rate == 44_100
    assert samples == pytest.approx(loud, rel=1e-6)


def test_the_measured_passat_is_read(data_folder: Path) -> None:
    found = read_responses([data_folder / "sound/passat-b8-woofer-left-ir-96k.wav"])
    assert found.rate_hz == 96_000
    assert found.samples.shape[:2] == (1, 1)


def test_a_room_in_sofa_is_read_by_measurement(tmp_path: Path) -> None:
    impulses = random.standard_normal((3, 2, 64))
    path = write_sofa(tmp_path / "room.sofa", "GeneralFIR", impulses)
    found = read_responses([path])
    assert found.samples == pytest.approx(impulses)
    assert len(found.names) == 3


def test_a_head_in_sofa_keeps_its_delays(tmp_path: Path) -> None:
    directions = np.vstack([np.eye(3), -np.eye(3)])
    impulses = np.zeros((6, 2, 128))
    impulses[:, :, 10] = 1.0
    path = write_sofa(
        tmp_path / "head.sofa", "SimpleFreeFieldHRIR", impulses, SourcePosition=directions, SourcePosition_Type="cartesian",
        SourcePosition_Units="metre", Data_Delay=np.array([[3.0, 0.5]]),
    )  # fmt: skip
    head = read_head(path)
    assert isinstance(head, Head)
    assert head.responses[0, 0].argmax() == 13
    assert head.responses[0, 1, 10] == pytest.approx(head.responses[0, 1, 11], rel=1e-6)


def missing(tmp_path: Path) -> Path:
    return tmp_path / "none.sofa"


def broken_sofa(tmp_path: Path) -> Path:
    path = tmp_path / "broken.sofa"
    path.write_bytes(b"no SOFA at all")
    return path


def silent_ear(tmp_path: Path) -> Path:
    impulses = random.standard_normal((6, 2, 32))
    impulses[4, 1] = 0
    return write_sofa(
        tmp_path / "deaf.sofa", "SimpleFreeFieldHRIR", impulses, SourcePosition=np.vstack([np.eye(3), -np.eye(3)]),
        SourcePosition_Type="cartesian", SourcePosition_Units="metre",
    )  # fmt: skip


def room_sofa(tmp_path: Path) -> Path:
    return write_sofa(tmp_path / "room.sofa", "GeneralFIR", random.standard_normal((3, 2, 64)))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (broken_sofa, "broken.sofa: cannot be read as SOFA"),
        (silent_ear, "deaf.sofa: the right ear is silent in measurement 5"),
        (room_sofa, "room.sofa: the SOFA convention is GeneralFIR; a SOFA file of convention SimpleFreeFieldHRIR"),
        (missing, "there is no such file"),
    ],
)
def test_a_head_that_is_none_is_refused(tmp_path: Path, make: Callable[[Path], Path], what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_head(make(tmp_path))


def test_responses_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    first = wav(tmp_path / "a.wav")
    with pytest.raises(InputError, match=r"b.wav: sample rate 44100 Hz; 48000 Hz, as a.wav"):
        read_responses([first, wav(tmp_path / "b.wav", rate=44_100)])
    with pytest.raises(InputError, match=r"c.wav: 3 channels; 2, as in a.wav"):
        read_responses([first, wav(tmp_path / "c.wav", channels=3)])
    soundfile.write(tmp_path / "silent.wav", np.zeros((100, 2)), 48_000)
    with pytest.raises(InputError, match=r"silent.wav: channel 1 is silent"):
        read_responses([tmp_path / "silent.wav"])
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(InputError, match=r"text.wav: cannot be read as audio"):
        read_responses([tmp_path / "text.wav"])
    with pytest.raises(InputError, match="no file"):
        read_responses([])


def test_a_head_is_no_room(tmp_path: Path) -> None:
    impulses = random.standard_normal((6, 2, 32))
    path = write_sofa(tmp_path / "head.sofa", "SimpleFreeFieldHRIR", impulses, SourcePosition=np.ones((6, 3)))
    with pytest.raises(InputError, match="the SOFA convention is SimpleFreeFieldHRIR"):
        read_responses([path])
    assert RATE == 44_100
