"""`vnest sound` as a user types it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from vehiclenest.cli.commands import app
from vehiclenest.core.errors import InputError
from vehiclenest.technology.sound.cabin import bundled_cabins
from vehiclenest.technology.sound.read import read_wav, write_wav

NOMINAL = ("--nominal", "--taps", "256")


def said(*arguments: str) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(app, ["sound", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    """Return why a command is refused."""
    result = CliRunner().invoke(app, ["sound", *arguments])
    assert isinstance(result.exception, InputError)
    return str(result.exception)


@pytest.mark.slow
def test_zones_gives_every_key_that_was_promised(tmp_path: Path) -> None:
    arguments = ("zones", "--cabin", "sedan-headrest", *NOMINAL, "--out", str(tmp_path / "f"), "--html", str(tmp_path / "z.html"))
    found: dict[str, Any] = json.loads(said(*arguments, "--json"))
    assert found["bands_hz"] == [125, 250, 500, 1000, 2000, 4000]
    for key in ("contrast_unseen_db", "contrast_worst_condition_db", "contrast_control_db"):
        assert [len(found[key][part]) for part in ("mean", "worst")] == [6, 6]
    assert len(found["effort_db"]) == 6
    assert found["seconds"] > 0
    assert len(found["out"]) == 4
    assert (tmp_path / "z.html").is_file()


def test_a_cabin_is_named_once_and_known() -> None:
    assert "one of the two" in refused("zones")
    assert "one of the two" in refused("cabin", "my.toml", "--cabin", "sedan-door")
    assert all(name in refused("cabin", "--cabin", "van") for name in bundled_cabins())


def test_responses_of_a_cabin_are_written_and_decay_times_told(tmp_path: Path) -> None:
    out = said("cabin", "--cabin", "sedan-door", "--out", str(tmp_path))
    assert "decay time T20" in out
    samples, rate = read_wav(tmp_path / "front-left-low.wav")
    assert samples.shape == (8, 8192)
    assert rate == 16_000


def test_measured_responses_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "silent.wav", np.zeros((1, 1000)), 48_000)
    assert "silent" in refused("cabin", "--cabin", "sedan-door", "--measured", str(tmp_path / "silent.wav"))
    (tmp_path / "text.wav").write_text("no sound")
    assert "cannot be read as audio" in refused("cabin", "--cabin", "sedan-door", "--measured", str(tmp_path / "text.wav"))


@pytest.mark.slow
def test_a_masker_is_found_between_two_seats() -> None:
    arguments = ("mask", "--cabin", "sedan-headrest", "--talker", "front-left", "--listener", "rear-right")
    found: dict[str, Any] = json.loads(said(*arguments, "--json"))
    assert found["sti"] <= 0.2
    assert found["stoi"] <= 0.45
    assert 35 < found["masker_dba"] < 60
    assert found["masker_dba"] == pytest.approx(found["speech_dba"] + found["masker_over_speech_db"])


@pytest.mark.slow
def test_render_writes_a_binaural_file_a_seat_and_refuses_what_does_not_fit(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 16_000)) * 0.1
    write_wav(tmp_path / "a.wav", noise, 16_000)
    write_wav(tmp_path / "b.wav", noise, 44_100)
    out = said(
        "render", "--cabin", "sedan-headrest", "--zone", f"front-left={tmp_path / 'a.wav'}", "--out", str(tmp_path / "heard")
    )
    assert "block latency 8 ms" in out
    samples, _ = read_wav(tmp_path / "heard" / "rear-right.wav")
    assert samples.shape[0] == 2
    cabin = ("render", "--cabin", "sedan-headrest", "--zone")
    assert "44,100" in refused(*cabin, f"front-left={tmp_path / 'b.wav'}") or "44100" in refused(
        *cabin, f"front-left={tmp_path / 'b.wav'}"
    )
    assert "names no seat" in refused(*cabin, "front-left")
    assert "there is no seat" in refused(*cabin, f"boot={tmp_path / 'a.wav'}")


def test_crosstalk_of_a_measured_head(tmp_path: Path, data_folder: Path) -> None:
    head = data_folder / "sound/mit_kemar_normal_pinna.sofa"
    found: dict[str, Any] = json.loads(said("xtc", str(head), "--head-track", "--out", str(tmp_path / "x.wav"), "--json"))
    assert found["lowest_turned_db"] > 20
    assert read_wav(tmp_path / "x.wav")[0].shape == (4, 2048)
    assert "filters stay" in said("xtc", str(head))
    noise = np.random.default_rng(1).standard_normal((1, 22_050)) * 0.1
    write_wav(tmp_path / "noise.wav", noise, 44_100)
    (tmp_path / "yaws.txt").write_text("-5\n0\n5\n")
    place = (
        "--render",
        str(tmp_path / "noise.wav"),
        "--yaws",
        str(tmp_path / "yaws.txt"),
        "--feeds",
        str(tmp_path / "feeds.wav"),
    )
    assert "head turned up to 5°" in said("xtc", str(head), *place)
    left, right = read_wav(tmp_path / "feeds.wav")[0]
    assert np.mean(left**2) > np.mean(right**2)  # the source is to the left
    (tmp_path / "yaws.txt").write_text("0\nahead\n")
    assert "is no yaw" in refused("xtc", str(head), *place)
    write_wav(tmp_path / "noise.wav", noise, 48_000)
    assert "sample rate" in refused("xtc", str(head), *place)
    (tmp_path / "no.sofa").write_text("no head")
    assert "no.sofa" in refused("xtc", str(tmp_path / "no.sofa"))


def test_zones_from_measured_responses_are_judged_at_other_microphones(tmp_path: Path) -> None:
    from vehiclenest.technology.sound.cabin import load_cabin
    from vehiclenest.technology.sound.decay import impulse_responses
    from vehiclenest.technology.sound.listeners import Condition, Receivers, ears

    cabin = load_cabin("sedan-headrest")
    first, second = (ears(cabin, Condition(shift_m=(shift, 0.0, 0.0))) for shift in (0.0, -0.02))
    order = [index for seat in range(4) for index in (2 * seat, 8 + 2 * seat, 2 * seat + 1, 8 + 2 * seat + 1)]
    both = Receivers(np.concatenate([first.position, second.position])[order], np.concatenate([first.seat, second.seat])[order])
    simulated = impulse_responses(cabin, both, 16_000, 4096)
    files: list[str] = []
    for index, speaker in enumerate(cabin.loudspeaker):
        write_wav(tmp_path / f"{speaker.name}.wav", simulated[:, index], 16_000)
        files += ["--responses", str(tmp_path / f"{speaker.name}.wav")]
    seats = [part for index, seat in enumerate(cabin.seat) for part in ("--seat", f"{seat.name}={4 * index + 1}-{4 * index + 4}")]
    found: dict[str, Any] = json.loads(said("zones", *files, *seats, "--out", str(tmp_path / "f"), "--json"))
    assert np.mean(found["contrast_unseen_db"]["mean"]) > np.mean(found["contrast_plain_db"]["mean"]) + 2
    assert found["contrast_worst_condition_db"] is None
    assert read_wav(Path(found["out"][0]))[0].shape == (8, 1024)
    assert "not assessed" in said("zones", *files, *seats)
    assert "at least two seats" in refused("zones", *files, "--seat", "front-left=1-4")
    assert "belongs to" in refused("zones", *files, "--seat", "a=1-4", "--seat", "b=4-6")
    assert "1 to 16" in refused("zones", *files, "--seat", "a=1-4", "--seat", "b=16-17")
    assert "two or more" in refused("zones", *files, "--seat", "a=1-4", "--seat", "b=5")
    assert "names no microphones" in refused("zones", *files, "--seat", "a=front")
    write_wav(tmp_path / "other.wav", simulated[:, 0], 48_000)
    assert "sample rate" in refused("zones", *files, "--responses", str(tmp_path / "other.wav"), *seats)
