"""STI: the published reference conditions of IEC 60268-16 come out, and the direct method agrees with the indirect one.

The worked example is table M.1 of IEC 60268-16:2011 and the weighting and uniform tests are A.2.2 and A.3.1.2 of the 2020 edition, as
restated in jmrplens/phonometry (reference data and conformance checks, read 2026-11-26).
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import fftconvolve

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound import sti as room
from vehiclenest.technology.sound.octave import BANDS, a_weighted_db, levels_db, octave_values
from vehiclenest.technology.sound.sti import MODULATIONS_HZ, transmission_index

RATE = 32_000.0

# Table M.1, step 2: the modulation transfer of the example's path, rows 0.63 to 12.5 Hz, columns 125 Hz to 8 kHz.
EXAMPLE = """
.983 .960 .978 .990 .990 .986 .997   .968 .936 .959 .974 .980 .979 .995   .947 .904 .931 .953 .966 .968 .992
.920 .869 .898 .927 .949 .955 .987   .886 .826 .852 .892 .925 .935 .981   .851 .791 .808 .856 .900 .914 .974
.816 .756 .764 .816 .871 .891 .964   .773 .721 .730 .776 .841 .866 .953   .741 .684 .705 .745 .809 .838 .941
.726 .628 .678 .736 .780 .812 .929   .714 .557 .656 .723 .753 .786 .916   .670 .520 .623 .678 .728 .765 .904
.591 .483 .556 .615 .701 .749 .893   .554 .446 .523 .614 .685 .737 .884
"""


def uniform(m: float) -> np.ndarray:
    return np.full((BANDS, len(MODULATIONS_HZ)), m)


def test_the_worked_example_of_the_standard_comes_out_band_by_band() -> None:
    path = np.array(EXAMPLE.split(), dtype=float).reshape(14, 7).T
    speech = np.array([82.9, 82.9, 79.2, 73.2, 67.2, 61.2, 55.2])
    noise = np.array([55.5, 47.5, 41.5, 37.5, 34.5, 32.5, 30.5])
    found = transmission_index(path, speech, noise)
    assert found.by_octave == pytest.approx([0.73, 0.66, 0.67, 0.71, 0.77, 0.80, 0.92], abs=0.006)
    assert found.sti == pytest.approx(0.76, abs=0.005)
    assert found.modulation[:, 0] == pytest.approx([0.981, 0.946, 0.946, 0.953, 0.971, 0.975, 0.992], abs=0.0015)


@pytest.mark.parametrize(("band", "expected"), list(enumerate([0.127, 0.279, 0.398, 0.531, 0.486, 0.302])))
def test_pairs_of_perfect_octaves_weigh_what_the_standard_says(band: int, expected: float) -> None:
    path = uniform(0.0)
    path[band : band + 2] = 1.0
    assert transmission_index(path).sti == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize(
    ("m", "expected"), [(0.0, 0.0), (0.1, 0.18), (0.11182, 0.2), (0.2, 0.30), (0.3, 0.38), (0.4, 0.44), (0.5, 0.5), (1.0, 1.0)]
)
def test_a_uniform_modulation_gives_the_published_index(m: float, expected: float) -> None:
    assert transmission_index(uniform(m)).sti == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("ratio_db", [-20.0, -15.0, -9.0, 0.0, 6.0, 15.0, 20.0])
def test_noise_alone_makes_the_index_run_straight_from_minus_to_plus_15_db(ratio_db: float) -> None:
    speech = np.full(BANDS, 60.0)
    heard = transmission_index(uniform(1 / (1 + 10 ** (-ratio_db / 10)))).sti
    assert heard == pytest.approx(min(max((ratio_db + 15) / 30, 0), 1))
    assert transmission_index(uniform(1.0), speech, speech - ratio_db).sti <= heard + 1e-9


@pytest.mark.parametrize(("level", "expected"), [(60.0, -35.0), (65.0, -29.9), (80.0, -19.8), (100.0, -10.0), (120.0, -10.0)])
def test_masking_keeps_to_the_table(level: float, expected: float) -> None:
    assert room.masking_db(level) == pytest.approx(expected, abs=0.05)


def test_speech_too_quiet_to_hear_and_too_loud_lose_their_index() -> None:
    of = {level: transmission_index(uniform(1.0), room.speech_levels(level)).sti for level in (0.0, 30.0, 65.0, 105.0)}
    assert of[0.0] < 0.2 < of[30.0] < of[65.0]
    assert of[105.0] < of[65.0]


def test_male_speech_has_the_a_weighted_level_asked_for() -> None:
    assert a_weighted_db(room.speech_levels(60.0)) == pytest.approx(60.0, abs=0.1)


@pytest.mark.parametrize("decay_s", [0.5, 1.0, 2.0])
def test_an_exponential_decay_has_its_closed_form(decay_s: float) -> None:
    time = np.arange(int(1.5 * decay_s * RATE)) / RATE
    random = np.random.default_rng(7)
    found = np.mean(
        [
            room.modulation_of_response(random.standard_normal(len(time)) * 10 ** (-3 * time / decay_s), RATE)
            for _ in range(8)
        ],
        axis=0,
    )  # fmt: skip
    expected = room.modulation_of_decay(np.full(BANDS, decay_s))
    assert transmission_index(found).sti == pytest.approx(transmission_index(expected).sti, abs=0.02)
    assert np.abs(found - expected)[1:].max() < 0.09


def test_a_path_without_decay_loses_nothing_and_echo_notches_its_own_modulation() -> None:
    response = np.zeros(int(0.5 * RATE))
    response[100] = 1.0
    assert transmission_index(room.modulation_of_response(response, RATE)).sti > 0.99
    response[100 + int(0.25 * RATE)] = 1.0  # 2 Hz turns half a period in 250 ms
    notched = room.modulation_of_response(response, RATE)
    assert notched[:, MODULATIONS_HZ == 2.0].max() < 0.02


@pytest.mark.parametrize(("band", "modulation_hz"), [(2, 1.0), (3, 4.0), (5, 8.0)])
def test_the_direct_method_agrees_with_the_indirect_one(band: int, modulation_hz: float) -> None:
    random = np.random.default_rng(band)
    time = np.arange(int(0.6 * RATE)) / RATE
    response = random.standard_normal(len(time)) * 10 ** (-3 * time / 0.4)
    sent = room.signal_of(band, modulation_hz, 30.0, RATE, random)
    noise = room.split(random.standard_normal(len(sent)), RATE)[band]
    received = fftconvolve(sent, response)[: len(sent)]
    received += noise * np.sqrt((received**2).mean() / (noise**2).mean())  # as strong as the speech: half of the modulation
    indirect = room.modulation_of_response(response, RATE)[band, modulation_hz == MODULATIONS_HZ].item() / 2
    assert room.depth_of(received, band, modulation_hz, RATE) == pytest.approx(indirect, abs=0.04)


def test_steady_noise_carries_no_speech() -> None:
    random = np.random.default_rng(1)
    noise = random.standard_normal(int(40 * RATE))
    depths = np.array([[room.depth_of(noise, band, modulation, RATE) for modulation in (1.0, 12.5)] for band in (0, 3, 6)])
    assert depths.max() < 0.12
    assert transmission_index(uniform(float(np.median(depths)))).sti < 0.1


@given(st.floats(-10, 90), st.floats(0, 30))
def test_more_noise_never_helps(noise: float, more: float) -> None:
    speech = room.speech_levels(60.0)
    quiet, loud = (transmission_index(uniform(1.0), speech, np.full(BANDS, level)).sti for level in (noise, noise + more))
    assert loud <= quiet + 1e-9


def test_the_level_of_a_tone_is_in_its_octave() -> None:
    tone = np.sqrt(2) * np.sin(2 * np.pi * 1000 * np.arange(int(RATE)) / RATE)
    found = levels_db(tone, RATE, reference=2e-5)
    assert found[3] == pytest.approx(94.0, abs=0.1)
    assert np.delete(found, 3).max() < 60
    assert octave_values("centre")[3] == 1000


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: transmission_index(np.ones((7, 13))), "shape"),
        (lambda: transmission_index(-uniform(0.1)), "negative"),
        (lambda: transmission_index(uniform(1.0), None, np.zeros(7)), "none of speech"),
        (lambda: transmission_index(uniform(1.0), np.full(7, np.nan)), "finite"),
        (lambda: room.modulation_of_response(np.zeros(1000), RATE), "silent"),
        (lambda: room.modulation_of_response(np.ones(1000), 16_000.0), "16000 Hz"),
        (lambda: room.depth_of(np.ones(100), 0, 1.0, RATE), "shorter"),
    ],
)
def test_what_cannot_be_rated_is_said(call: Callable[[], object], what: str) -> None:
    with pytest.raises(InputError, match=what):
        call()
