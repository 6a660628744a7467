"""Zones: the three methods, effort, causal filters, and what robustness buys."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import Cabin, load_cabin
from vehiclenest.technology.sound.design import Design, design_zones, pair_contrast, plain_weights, score_design
from vehiclenest.technology.sound.export import write_filters, write_heard, write_page
from vehiclenest.technology.sound.filters import Filtering, causal_filters, filter_response
from vehiclenest.technology.sound.read import read_wav
from vehiclenest.technology.sound.score import pre_ringing_db
from vehiclenest.technology.sound.zones import Aim, Method, correlations, energy, least_effort, zone_weights


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def cabin() -> Cabin:
    return load_cabin("sedan-headrest")


@pytest.fixture(scope="module")
def design(cabin: Cabin) -> Design:
    return design_zones(cabin, Aim(), Filtering.of_length(512), robust=True, show=quiet)


@pytest.fixture(scope="module")
def report(design: Design) -> dict[str, Any]:
    return score_design(design, 1, quiet)


def random_correlations(seed: int, conditions: int = 3, seats: int = 3, speakers: int = 4) -> np.ndarray:
    random = np.random.default_rng(seed)
    shape = (2 * seats, speakers, 5)
    return np.stack(
        [
            correlations(
                random.standard_normal(shape) + 1j * random.standard_normal(shape), np.repeat(np.arange(seats), 2), seats
            )
            for _ in range(conditions)
        ]
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), zone=st.integers(0, 2), method=st.sampled_from(["pm", "acc", "vast"]))
def test_every_method_keeps_the_zones_level_and_contrast_control_beats_all(seed: int, zone: int, method: Method) -> None:
    by_condition = random_correlations(seed)[:1]
    plain = np.zeros((5, 4), complex)
    plain[:, zone] = 1.0
    aim = Aim(method, 2, 60.0, 0)
    weights = zone_weights(by_condition, zone, plain, aim)
    assert np.allclose(energy(weights, by_condition[0, zone]), energy(plain, by_condition[0, zone]))
    best = zone_weights(by_condition, zone, plain, replace(aim, method="acc"))
    dark = np.delete(by_condition[0], zone, axis=0).sum(axis=0)
    assert (energy(best, dark) <= energy(weights, dark) * (1 + 1e-6)).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), limit=st.sampled_from([0.5, 3.0, 6.0]))
def test_effort_keeps_to_its_limit(seed: int, limit: float) -> None:
    by_condition = random_correlations(seed)
    plain = np.zeros((5, 4), complex)
    plain[:, 0] = 1.0
    weights = zone_weights(by_condition, 0, plain, Aim("acc", effort_db=limit))
    bright = by_condition[:, 0].mean(axis=0)
    effort = np.sum(np.abs(weights) ** 2, axis=1) * least_effort(bright) / energy(weights, bright)
    assert 10 * np.log10(effort).max() <= max(limit, 0.5) + 0.5  # the ladder of regularisation ends at ten times the trace


def test_causal_filters_do_at_their_bins_what_the_weights_say() -> None:
    filtering = Filtering.of_length(512)
    random = np.random.default_rng(3)
    smooth = np.cumsum(random.standard_normal((2, len(filtering.bins))), axis=1) * 0.02 + 1.0
    filters = causal_filters(smooth.astype(complex), filtering)
    assert filters.shape == (2, 512)
    inside = slice(30, -30)
    found = filter_response(filters, filtering.rate_hz, filtering.frequency)
    delayed = smooth * np.exp(-2j * np.pi * filtering.frequency * filtering.delay / filtering.rate_hz)
    assert np.abs(found - delayed)[:, inside].max() < 0.05
    assert np.abs(filter_response(filters, filtering.rate_hz, np.array([20.0, 7900.0]))).max() < 0.2


@pytest.mark.slow
def test_a_design_beats_playing_as_it_is_where_it_never_looked(report: dict[str, Any]) -> None:
    for band, (found, plain) in enumerate(
        zip(report["contrast_unseen_db"]["mean"], report["contrast_plain_db"]["mean"], strict=True)
    ):
        assert found > plain - 1.0, band
    assert np.mean(report["contrast_unseen_db"]["mean"]) > np.mean(report["contrast_plain_db"]["mean"]) + 3
    assert max(report["effort_db"]) < 6
    assert all(np.array(report["contrast_worst_condition_db"]["mean"]) <= np.array(report["contrast_unseen_db"]["mean"]) + 1.0)
    assert {condition["name"] for condition in report["conditions"]} >= {
        "air +15 K",
        "head forward 10 cm",
        "head turned left 15°",
    }
    assert max(report["pre_ringing_db"].values()) < -10


@pytest.mark.slow
def test_a_robust_design_gives_up_a_little_at_rest_for_a_lot_when_heads_move(cabin: Cabin, report: dict[str, Any]) -> None:
    nominal = design_zones(cabin, Aim(rounds=0), Filtering.of_length(512), robust=False, show=quiet)
    plain = score_design(nominal, 1, quiet)
    assert np.mean(report["contrast_worst_condition_db"]["mean"]) > np.mean(plain["contrast_worst_condition_db"]["mean"]) + 2


def test_mirrored_pairs_leak_alike(design: Design) -> None:
    pairs = pair_contrast(design, 1, quiet)
    assert len(pairs) == 12
    assert pairs["front-left", "front-right"] == pytest.approx(pairs["front-right", "front-left"], abs=4.0)


def test_a_loudspeaker_at_its_limit_turns_the_programme_down(cabin: Cabin) -> None:
    soft = cabin.model_copy(
        update={"loudspeaker": tuple(speaker.model_copy(update={"gain_limit_db": -12.0}) for speaker in cabin.loudspeaker)}
    )
    limited = design_zones(soft, Aim(rounds=0), Filtering.of_length(256), robust=False, show=quiet)
    assert limited.limited > 0.5
    frequency = np.linspace(300, 6000, 200)
    loudest = np.abs(filter_response(limited.filters, limited.filtering.rate_hz, frequency)).max()
    assert 20 * np.log10(loudest) < -11


def test_a_seat_without_loudspeaker_is_said(cabin: Cabin) -> None:
    without = tuple(
        speaker.model_copy(update={"seat": "rear-left" if speaker.seat == "front-left" else speaker.seat})
        for speaker in cabin.loudspeaker
    )
    with pytest.raises(InputError, match="no loudspeaker belongs to front-left"):
        plain_weights(cabin.model_copy(update={"loudspeaker": without}), 3)


def test_pre_ringing_is_what_comes_before() -> None:
    impulse = np.zeros(1000)
    impulse[500] = 1.0
    assert pre_ringing_db(impulse, 16_000, 0.005) == pytest.approx(-120)
    impulse[100] = 0.1
    assert pre_ringing_db(impulse, 16_000, 0.005) == pytest.approx(-20, abs=0.1)


def test_filters_and_a_page_are_written(design: Design, report: dict[str, Any], tmp_path: Path) -> None:
    paths = write_filters(design, tmp_path / "filters")
    samples, rate = read_wav(paths[0])
    assert samples.shape == (8, 512)
    assert rate == 16_000
    assert np.allclose(samples, design.filters[0], atol=1e-6)
    write_page(design, report, tmp_path / "zones.html")
    page = (tmp_path / "zones.html").read_text("utf-8")
    assert "未见过的耳位" in page
    assert "src=" not in page.split("<body>")[1][:2000]
    (tmp_path / "file").touch()
    for write in (
        lambda: write_page(design, report, tmp_path / "file" / "x.html"),
        lambda: write_heard(design, np.zeros((4, 2, 9)), tmp_path / "file" / "x"),
    ):
        with pytest.raises(InputError, match="cannot be written"):
            write()
