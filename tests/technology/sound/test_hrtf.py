"""A head at any direction: measured ones are kept, left-out ones are found again, turning the head turns the sources."""

import numpy as np
import pytest

from vehiclenest.technology.sound.hrtf import Head, horizontal


def error_db(found: np.ndarray, true: np.ndarray, rate: float, low: float, high: float) -> np.ndarray:
    band = slice(*np.searchsorted(np.fft.rfftfreq(2048, 1 / rate), (low, high)))
    difference, whole = (np.abs(np.fft.rfft(one, 2048)[..., band]) ** 2 for one in (found - true, true))
    return 10 * np.log10(difference.sum(axis=-1) / whole.sum(axis=-1))


def test_measured_directions_are_returned_as_measured(kemar: Head) -> None:
    assert np.abs(kemar.at(kemar.directions) - kemar.responses).max() < 1e-9


def test_left_out_directions_of_kemar_in_front_are_found_again(kemar: Head) -> None:
    out = horizontal(np.array([-35.0, -25.0, -15.0, 15.0, 25.0, 35.0]))
    left = np.asarray((kemar.directions @ out.T).max(axis=1) > 0.99999)
    assert left.sum() == 6
    fewer = kemar.without(~left)
    found, true = fewer.at(kemar.directions[left]), kemar.responses[left]
    assert error_db(found, true, kemar.rate_hz, 200, 2000).max() < -20
    assert error_db(found, true, kemar.rate_hz, 2000, 8000).max() < -14


def test_turning_the_head_left_moves_the_sources_right(kemar: Head) -> None:
    assert kemar.turned_to(np.array([30.0]), 10.0) == pytest.approx(kemar.at(horizontal(np.array([20.0]))), abs=1e-12)
    assert kemar.turned_to(np.array([0.0]), 0.0, pitch_deg=20.0)[0] == pytest.approx(
        kemar.at(np.array([[np.cos(np.radians(20)), 0, np.sin(np.radians(20))]]))[0], abs=1e-9
    )


def test_the_nearer_ear_hears_first_and_louder(kemar: Head) -> None:
    left, right = kemar.at(horizontal(np.array([80.0])))[0]
    assert np.abs(left).argmax() < np.abs(right).argmax() - 20
    assert (left**2).sum() > 10 * (right**2).sum()


def test_a_larger_head_delays_more_and_keeps_its_gain(simple_head: Head) -> None:
    larger = simple_head.scaled(1.1)
    of = [np.diff(np.abs(head.at(horizontal(np.array([90.0])))[0]).argmax(axis=1)).item() for head in (simple_head, larger)]
    assert of[1] == pytest.approx(1.1 * of[0], abs=1.01)
    sums = [np.abs(np.fft.rfft(head.at(horizontal(np.array([40.0])))[0])[:, 10]) for head in (simple_head, larger)]
    assert sums[1] == pytest.approx(sums[0], rel=0.05)


def test_weights_lie_on_the_triangle_around(simple_head: Head) -> None:
    directions = np.random.default_rng(3).standard_normal((200, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    around, weights = simple_head.weights(directions)
    assert weights.min() >= 0
    assert weights.sum(axis=1) == pytest.approx(1.0)
    met = np.einsum("kw,kwc->kc", weights, simple_head.directions[around])
    assert (met * directions).sum(axis=1) / np.linalg.norm(met, axis=1) == pytest.approx(1.0, abs=1e-6)


def test_interpolation_between_directions_is_exact_where_delays_and_gains_are_simple(simple_head: Head) -> None:
    direction = horizontal(np.array([33.0]))
    facing = direction[0, 1] * np.array([1, -1])
    frequencies = np.fft.rfftfreq(256)
    delays = 20 - 0.09 / 343 * simple_head.rate_hz * facing
    spectrum = (0.6 + 0.4 * facing)[:, None] * np.exp(-2j * np.pi * frequencies * delays[:, None]) * (frequencies < 0.4)
    assert error_db(simple_head.at(direction)[0], np.fft.irfft(spectrum, 256), simple_head.rate_hz, 200, 8000).max() < -20
