"""Cabins: files that are right and wrong, and physics that any room has to obey."""

from pathlib import Path

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin, bundled_cabins, load_cabin, speed_of_sound
from vehiclenest.technology.sound.check import cabin_report
from vehiclenest.technology.sound.decay import band_levels_db, decay_times, impulse_responses
from vehiclenest.technology.sound.listeners import Condition, ears, receivers
from vehiclenest.technology.sound.read import read_wav

RATE = 16_000


@pytest.fixture(scope="module")
def cabin() -> Cabin:
    return load_cabin("sedan-headrest")


@pytest.mark.parametrize("name", bundled_cabins())
def test_bundled_cabins_load_and_are_like_on_both_sides(name: str) -> None:
    cabin = load_cabin(name)
    assert len(cabin.seat) == 4
    assert len(cabin.loudspeaker) == 8
    width = cabin.size_m[1]
    places = {tuple(np.round(speaker.position_m, 6)) for speaker in cabin.loudspeaker}
    assert {(x, round(width - y, 6), z) for x, y, z in places} == places


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[2.6, 1.45, 1.2]", "[2.6, 1.45]", "size_m"),
        ("[1.12, 0.215, 0.935]", "[1.12, 1.5, 0.935]", "outside the cabin"),
        ("[1.12, 0.215, 0.935]", "[1.05, 0.38, 0.92]", "inside the head"),
        ('seat = "front-left"', 'seat = "boot"', "is not in the file"),
        ("0.63, 0.63]", "0.63]", "6 values for 7 bands"),
        ("125, 250", "250, 125", "rising order"),
        ("gain_limit_db = 12.0", "gain_limit = 12.0", "gain_limit"),
        ("[head]", "[head", "not TOML"),
        ('name = "front-right-left"', 'name = "front-left-left"', "stands twice"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, before: str, after: str, said: str) -> None:
    from vehiclenest.technology.sound import cabin as module

    text = (Path(module.__file__).with_name("cabins") / "sedan-headrest.toml").read_text("utf-8")
    assert before in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(InputError) as caught:
        load_cabin(path)
    assert said in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_a_file_that_is_not_there_names_the_bundled_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sedan-door"):
        load_cabin(tmp_path / "none.toml")


def test_sound_arrives_when_it_can_and_from_nowhere_before(cabin: Cabin) -> None:
    points = ears(cabin, Condition())
    responses = impulse_responses(cabin, points, RATE, 8192)
    for receiver, position in enumerate(points.position):
        for speaker, source in enumerate(cabin.loudspeaker):
            response = responses[receiver, speaker]
            distance = float(np.linalg.norm(position - np.array(source.position_m)))
            arrival = distance / speed_of_sound(20) * RATE
            early = np.sum(response[: max(0, int(arrival) - 12)] ** 2)
            assert early < 0.02 * np.sum(response**2), (receiver, source.name)


def test_warm_air_and_moved_heads_change_what_is_heard_and_mirrored_seats_hear_alike(cabin: Cabin) -> None:
    moved = Condition(shift_m=(0.5, 0.0, 0.0))
    assert np.allclose(moved.heads(cabin)[:, 0] - cabin.heads[:, 0], 0.04)  # the headrest stops it
    turned = ears(cabin, Condition(yaw_deg=15.0)).position - ears(cabin, Condition()).position
    assert 0.01 < np.abs(turned).max() < 0.05
    responses = impulse_responses(cabin, receivers(cabin, Condition(), "evaluation"), RATE, 2048)
    energy = np.sum(responses**2, axis=2)
    assert energy[0, 0] == pytest.approx(energy[3, 3], rel=0.1)  # left ear front left, right ear front right


def test_a_known_decay_is_read_back() -> None:
    time = np.arange(RATE) / RATE
    noise = np.random.default_rng(1).standard_normal(RATE)
    for decay_s in (0.1, 0.3):
        found = decay_times(noise * 10 ** (-3 * time / decay_s), RATE, (500.0, 1000.0, 2000.0))
        known = [value for value in found if value is not None]
        assert len(known) == 3
        assert np.mean(known) == pytest.approx(decay_s, rel=0.2)  # one draw of noise; its envelope is smoothed
    assert decay_times(noise, RATE, (1000.0,)) == [None]
    with pytest.raises(InputError, match="silent"):
        decay_times(np.zeros(100), RATE, (1000.0,))


def test_levels_of_white_noise_rise_by_nothing_in_density() -> None:
    noise = np.random.default_rng(2).standard_normal(8 * RATE)
    assert np.abs(band_levels_db(noise, RATE, np.array([250.0, 500.0, 1000.0, 2000.0]), 1)).max() < 0.5


def test_simulated_and_measured_cabin_stand_side_by_side(cabin: Cabin, data_folder: Path) -> None:
    samples, rate = read_wav(data_folder / "sound/passat-b8-woofer-left-ir-96k.wav")
    report, responses = cabin_report(cabin, None, (samples[0], rate))
    assert responses.shape == (8, 8, 8192)
    assert report["t20_measured_s"][0] == pytest.approx(0.13, abs=0.03)
    for simulated, measured in zip(report["t20_simulated_s"][1:], report["t20_measured_s"][1:], strict=True):
        assert 0.6 < simulated / measured < 1.4
    assert 0 < report["response_difference_db"] < 8
    with pytest.raises(InputError, match="there is no loudspeaker"):
        cabin_report(cabin, "roof", None)
