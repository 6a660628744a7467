"""Privacy and rendering: masking does what it must, STOI and STI as published, blocks as one convolution."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin, load_cabin
from vehiclenest.technology.sound.design import Design, design_zones
from vehiclenest.technology.sound.filters import Filtering
from vehiclenest.technology.sound.leak import leak_of
from vehiclenest.technology.sound.mask import Intelligibility, Leak, least_masker, masker_levels, transmission
from vehiclenest.technology.sound.octave import a_weighted_db, levels_db, octave_values
from vehiclenest.technology.sound.render import BLOCK, Convolver, play, programmes_of, render
from vehiclenest.technology.sound.speech import speech_like
from vehiclenest.technology.sound.zones import Aim

DECAY = np.array([0.146, 0.085, 0.052, 0.048, 0.045, 0.043, 0.043])


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def design() -> Design:
    return design_zones(load_cabin("sedan-headrest"), Aim(rounds=0), Filtering.of_length(512), robust=False, show=quiet)


def test_made_up_speech_has_the_spectrum_and_pace_of_speech() -> None:
    rate = 24_000.0
    speech = speech_like(20, rate, 1)
    assert np.mean(speech**2) == pytest.approx(1)
    levels, wanted = levels_db(speech, rate), octave_values("male")
    assert np.abs((levels - levels[0]) - (wanted - wanted[0])).max() < 1.5
    envelope = np.sqrt(np.convolve(speech**2, np.ones(480) / 480, "same"))[::48]
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean())) ** 2
    hz = np.fft.rfftfreq(len(envelope), 48 / rate)
    assert 1.5 < (spectrum[hz < 20] @ hz[hz < 20]) / spectrum[hz < 20].sum() < 8


def test_stoi_of_made_up_speech_is_near_that_of_recorded_speech() -> None:
    """Recorded speech in a speech-shaped masker gives .71 at 0 dB and .48 at −10 dB (facts of the project)."""
    heard = Intelligibility(Leak(60.0, np.zeros(7), DECAY), "speech")
    assert heard.stoi(None) == pytest.approx(1.0, abs=0.001)
    assert heard.stoi(60.0) == pytest.approx(0.71, abs=0.08)
    assert heard.stoi(70.0) == pytest.approx(0.48, abs=0.13)


def test_sti_in_a_masker_goes_by_the_ratio() -> None:
    leak = Leak(60.0, np.zeros(7), np.full(7, 0.01))
    assert transmission(leak, masker_levels("speech", 60.0)) == pytest.approx(0.5, abs=0.02)  # 0 dB in every octave
    assert transmission(leak, masker_levels("speech", 75.0)) == pytest.approx(0.0, abs=0.01)
    assert a_weighted_db(masker_levels("road", 55.0)) == pytest.approx(55.0)


@pytest.mark.parametrize("spectrum", ["speech", "road"])
def test_the_least_masker_keeps_both_limits_and_a_softer_one_does_not(spectrum: str) -> None:
    leak = Leak(60.0, np.full(7, 21.0), DECAY)
    found = least_masker(leak, "speech" if spectrum == "speech" else "road")
    assert found["sti"] <= 0.2
    assert found["stoi"] <= 0.45
    heard = Intelligibility(leak, "speech" if spectrum == "speech" else "road")
    softer = found["masker_dba"] - 1.0
    levels = masker_levels("speech" if spectrum == "speech" else "road", softer)
    assert transmission(leak, levels) > 0.2 or heard.stoi(softer) > 0.45


def test_better_zones_need_a_softer_masker_and_silence_none() -> None:
    levels = [least_masker(Leak(60.0, np.full(7, contrast), DECAY), "speech")["masker_dba"] for contrast in (10.0, 20.0, 30.0)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] - levels[1] == pytest.approx(10.0, abs=1.5)
    with pytest.raises(InputError, match="does not make it private"):
        least_masker(Leak(90.0, np.full(7, -10.0), DECAY), "speech")
    with pytest.raises(InputError, match="octaves"):
        Leak(60.0, np.zeros(5), DECAY)


def test_the_worst_pair_of_seats_is_found(design: Design) -> None:
    cabin: Cabin = design.cabin
    seats = [seat.name for seat in cabin.seat]
    pairs = {(own, other): np.full(6, 20.0) for own in seats for other in seats if own != other}
    pairs["rear-left", "front-left"] = np.full(6, 12.0)
    who, whom, leak = leak_of(cabin, pairs, 60.0, None, None)
    assert (who, whom) == ("rear-left", "front-left")
    assert leak.contrast_db.tolist() == pytest.approx([12.0] * 7)
    assert leak_of(cabin, pairs, 60.0, "front-left", None)[0] == "front-left"
    with pytest.raises(InputError, match="there is no seat"):
        leak_of(cabin, pairs, 60.0, "boot", None)
    with pytest.raises(InputError, match="same seat"):
        leak_of(cabin, pairs, 60.0, "front-left", "front-left")


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    taps=st.integers(1, 700),
    block=st.sampled_from([16, 64, 128]),
)
def test_blocks_are_one_convolution(seed: int, inputs: int, outputs: int, taps: int, block: int) -> None:
    random = np.random.default_rng(seed)
    filters = random.standard_normal((inputs, outputs, taps))
    signal = random.standard_normal((inputs, 8 * block))
    convolver = Convolver(filters, block)
    found = np.concatenate([convolver.process(signal[:, start : start + block]) for start in range(0, 8 * block, block)], axis=1)
    each = [[np.convolve(signal[i], filters[i, o])[: 8 * block] for i in range(inputs)] for o in range(outputs)]
    whole = np.array(each).sum(axis=1)
    assert np.allclose(found, whole, atol=1e-9 * float(np.abs(whole).max()))


def test_a_programme_is_loud_in_its_zone_and_soft_elsewhere(design: Design) -> None:
    noise = np.random.default_rng(1).standard_normal(16_000) * 0.1
    rendered = render(design, {"rear-right": noise}, quiet)
    assert rendered.heard.shape[:2] == (4, 2)
    levels = dict(zip(rendered.report["seats"], rendered.report["level_db"], strict=True))
    own = levels.pop("rear-right")
    assert own > max(levels.values()) + 12
    assert rendered.report["block_latency_s"] == BLOCK / 16_000 == 0.008
    assert rendered.report["real_time_factor"] > 1


def test_programmes_that_fit_no_seat_are_refused(design: Design) -> None:
    with pytest.raises(InputError, match="no programme"):
        programmes_of(design, {})
    with pytest.raises(InputError, match="there is no seat 'boot'"):
        programmes_of(design, {"boot": np.ones(5)})
    signals = programmes_of(design, {"front-left": np.ones(5), "rear-left": np.ones(9)})
    assert signals.shape == (4, 9)
    assert signals.sum() == 14


def test_without_a_sound_device_one_error(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(InputError, match="nothing can be played here"):
        play(design, {"front-left": np.ones(5)})


def test_head_report_tells_known_turned_and_other_heads(data_folder: Path) -> None:
    from vehiclenest.technology.sound.head_report import head_report, write_canceller

    path = data_folder / "sound/mit_kemar_normal_pinna.sofa"
    tracked, canceller = head_report(path, 60.0, 12.0, 1.05, tracked=True, show=quiet)
    still, _ = head_report(path, 60.0, 12.0, 1.05, tracked=False, show=quiet)
    assert tracked["lowest_turned_db"] > 20
    assert still["lowest_turned_db"] < 16
    assert tracked["effort_db"] <= 12
    assert not any("interpolated" in case["case"] for case in tracked["cases"])
    with pytest.raises(InputError, match="cannot be written"):
        write_canceller(canceller, Path("/nowhere/x.wav"))
