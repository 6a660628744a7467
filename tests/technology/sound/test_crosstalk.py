"""Crosstalk cancellation on a real head: what crosses over vanishes, effort keeps to its limit, a turned head needs a tracker."""

import numpy as np
import pytest

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound import crosstalk as room
from vehiclenest.technology.sound.binaural import feeds, heard, interaural_delay_s, interaural_level_db, source_filters
from vehiclenest.technology.sound.hrtf import Head, horizontal

SPEAKERS = np.array([30.0, -30.0])
BAND = np.geomspace(200, 8000, 400)


def test_a_matched_head_hears_each_signal_in_one_ear(kemar: Head) -> None:
    paths = kemar.turned_to(SPEAKERS, 0.0)
    canceller = room.design(paths, kemar.rate_hz)
    natural = room.natural_separation_db(paths, kemar.rate_hz)
    assert natural.min() < 3
    assert room.separation_db(canceller, paths).min() > 35
    assert canceller.effort_db(BAND).max() <= 12
    assert canceller.peak_gain_db(BAND) <= canceller.effort_db(BAND).max()


def test_the_finished_filters_deliver_the_target_in_time(kemar: Head) -> None:
    paths = kemar.turned_to(SPEAKERS, 0.0)
    canceller = room.design(paths, kemar.rate_hz)
    ears = [sum(np.convolve(canceller.filters[s, 0], paths[s, e]) for s in range(2)) for e in range(2)]
    target = np.convolve(np.eye(1, canceller.delay + 1, canceller.delay)[0], paths[0, 0])
    assert abs(int(np.abs(ears[0]).argmax()) - int(np.abs(target).argmax())) <= 1
    assert (np.asarray(ears[1]) ** 2).sum() < 1e-3 * (np.asarray(ears[0]) ** 2).sum()


@pytest.mark.parametrize("yaw", [-10.0, -5.0, 5.0, 10.0])
def test_tracking_holds_20_db_where_untracked_filters_lose_it(kemar: Head, yaw: float) -> None:
    """The tracked design knows KEMAR every 10° only; it is heard at directions measured and left out of it."""
    measured = kemar.turned_to(SPEAKERS, yaw)
    out = horizontal(SPEAKERS - yaw)
    known = kemar.without(np.asarray((kemar.directions @ out.T).max(axis=1) < 0.99999))
    tracked = room.design(known.turned_to(SPEAKERS, yaw), kemar.rate_hz)
    untracked = room.design(kemar.turned_to(SPEAKERS, 0.0), kemar.rate_hz)
    assert room.separation_db(tracked, measured).min() > 20
    assert tracked.effort_db(BAND).max() <= 12
    assert room.separation_db(untracked, measured).min() < room.separation_db(tracked, measured).min() - 3


def test_a_lower_limit_of_effort_is_kept_and_costs_separation(kemar: Head) -> None:
    paths = kemar.turned_to(np.array([15.0, -15.0]), 0.0)
    found = {limit: room.design(paths, kemar.rate_hz, limit_db=limit) for limit in (4.0, 8.0, 12.0)}
    for limit, canceller in found.items():
        assert canceller.effort_db(BAND).max() <= limit + 0.01
    worst = [room.separation_db(canceller, paths).min() for canceller in found.values()]
    assert worst == sorted(worst)
    assert worst[0] < worst[2] - 3


def test_more_loudspeakers_need_less_effort(kemar: Head) -> None:
    two = room.design(kemar.turned_to(np.array([15.0, -15.0]), 0.0), kemar.rate_hz)
    four = room.design(kemar.turned_to(np.array([15.0, -15.0, 60.0, -60.0]), 0.0), kemar.rate_hz)
    assert four.filters.shape[:2] == (4, 2)
    low = np.geomspace(200, 500, 50)
    assert four.effort_db(low).max() < two.effort_db(low).max() - 3


def test_another_head_hears_worse_and_better_than_without(kemar: Head) -> None:
    paths = kemar.turned_to(SPEAKERS, 0.0)
    canceller = room.design(paths, kemar.rate_hz)
    other = kemar.scaled(1.05).turned_to(SPEAKERS, 0.0)
    found = room.separation_db(canceller, other)
    assert found.min() < room.separation_db(canceller, paths).min()
    assert found.mean() > room.natural_separation_db(other, kemar.rate_hz).mean() + 5


@pytest.mark.parametrize("yaw", [0.0, 8.0])
def test_a_rendered_source_is_heard_where_it_is(kemar: Head, yaw: float) -> None:
    source = 70.0
    canceller = source_filters(kemar, SPEAKERS.tolist(), source, yaw)
    paths = kemar.turned_to(SPEAKERS, yaw)
    ears = np.array([sum(np.convolve(canceller.filters[s, 0], paths[s, e]) for s in range(2)) for e in range(2)])
    truth = kemar.turned_to(np.array([source]), yaw)[0]
    assert interaural_delay_s(ears, kemar.rate_hz) == pytest.approx(interaural_delay_s(truth, kemar.rate_hz), abs=2e-5)
    for low, high in ((500, 1000), (1000, 2000), (2000, 4000), (4000, 8000)):
        wanted = interaural_level_db(truth, kemar.rate_hz, low, high)
        assert interaural_level_db(ears, kemar.rate_hz, low, high) == pytest.approx(wanted, abs=1.0)


def test_the_source_stays_while_the_head_turns_only_with_a_tracker(kemar: Head) -> None:
    rate = kemar.rate_hz
    signal = np.random.default_rng(2).standard_normal(int(0.6 * rate))
    yaws = np.linspace(-10, 10, 11)
    truth = [interaural_delay_s(kemar.turned_to(np.array([0.0]), float(yaw))[0], rate) for yaw in (-10, 10)]
    errors: dict[str, float] = {}
    for name, told in (("tracked", yaws), ("untracked", np.zeros(11))):
        ears = heard(kemar, SPEAKERS.tolist(), feeds(kemar, SPEAKERS.tolist(), 0.0, signal, told), yaws)
        delay = 1024
        first = ears[:, delay : delay + int(0.05 * rate)]
        last = ears[:, delay + int(0.55 * rate) : delay + int(0.6 * rate)]
        errors[name] = max(abs(interaural_delay_s(part, rate) - true) for part, true in zip((first, last), truth, strict=True))
    assert errors["tracked"] < 2e-5
    assert errors["untracked"] > 1.7 * errors["tracked"]


def test_what_cannot_be_cancelled_is_said(simple_head: Head) -> None:
    paths = simple_head.turned_to(SPEAKERS, 0.0)
    for broken, what in ((paths[:1], "at least two"), (paths * 0, "silent"), (np.full_like(paths, np.nan), "not finite")):
        with pytest.raises(InputError, match=what):
            room.design(broken, 44_100.0)
    with pytest.raises(InputError, match="filters of 100 samples"):
        room.design(paths, 44_100.0, taps=100)
    with pytest.raises(InputError, match="effort of 0 dB"):
        room.design(paths, 44_100.0, limit_db=0.0)
    with pytest.raises(InputError, match="two ears"):
        interaural_delay_s(np.zeros((3, 10)), 44_100.0)
    with pytest.raises(InputError, match="longer than its readings"):
        feeds(simple_head, [30.0, -30.0], 0.0, np.ones(3), np.zeros(4))
