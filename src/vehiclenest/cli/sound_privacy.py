"""`vnest sound mask` and `vnest sound render`."""

from pathlib import Path
from typing import Any

import click

from vehiclenest.cli.options import FILE, json_flag, print_json, progress
from vehiclenest.cli.sound import needs_extra
from vehiclenest.cli.sound_zones import cabin_argument, chosen_cabin
from vehiclenest.core.errors import InputError


@click.command(
    epilog="Example: vnest sound mask --cabin sedan-headrest --talker front-left --listener rear-right --spectrum road"
)
@cabin_argument
@click.option("--talker", metavar="SEAT", help="Seat whose call has to stay private; without it the worst pair of seats.")
@click.option("--listener", metavar="SEAT", help="Seat that must not understand it.")
@click.option(
    "--level", type=click.FloatRange(30, 90), default=60.0, show_default=True, help="Of the call in its own zone, dB(A)."
)
@click.option("--spectrum", type=click.Choice(["speech", "road"]), default="speech", show_default=True, help="Of the masker.")
@json_flag
def mask(
    file: Path | None, name: str | None, talker: str | None, listener: str | None, level: float, spectrum: Any, as_json: bool
) -> None:
    """Find the least masker that makes a call played in one zone private in another: STI and STOI below their limits.

    What leaks is the contrast of a zone design at unseen ears. A person who talks in his seat is held back by no filter.
    """
    needs_extra()
    from vehiclenest.technology.sound.design import design_zones, pair_contrast
    from vehiclenest.technology.sound.filters import Filtering
    from vehiclenest.technology.sound.leak import leak_of
    from vehiclenest.technology.sound.mask import least_masker
    from vehiclenest.technology.sound.zones import Aim

    cabin = chosen_cabin(file, name)
    with progress() as show:
        design = design_zones(cabin, Aim(), Filtering(), robust=True, show=show)
        pairs = pair_contrast(design, 1, show)
        who, whom, leak = leak_of(cabin, pairs, level, talker, listener)
        show("masker", 0, 1)
        found: dict[str, Any] = {
            "cabin": cabin.name,
            "talker": who,
            "listener": whom,
            "call_dba": level,
            **least_masker(leak, spectrum),
        }
        show("masker", 1, 1)
    if as_json:
        print_json(found)
        return
    least = found["masker_dba"]
    told = (
        "no masker is needed"
        if least is None
        else f"a masker of {least:.1f} dB(A), {found['masker_over_speech_db']:+.1f} dB over what leaks"
    )
    click.echo(f"{who} calls at {level:g} dB(A); {found['speech_dba']:.1f} dB(A) reach {whom}: {told} ({spectrum} spectrum)")
    click.echo(f"STI {found['sti_without']:.2f} → {found['sti']:.2f} (limit {found['limit']['sti']:.2f}, IEC 60268-16)")
    click.echo(f"STOI {found['stoi_without']:.2f} → {found['stoi']:.2f} (limit {found['limit']['stoi']:.2f}, made-up speech)")


@click.command(
    epilog="Example: vnest sound render --cabin sedan-headrest --zone front-left=news.wav --zone rear-right=music.wav --out heard"
)
@cabin_argument
@click.option(
    "--zone", "zones", multiple=True, metavar="SEAT=WAV", help="A seat's programme, at the rate of the filters; repeat."
)
@click.option("--out", type=FILE, default="heard", show_default=True, metavar="DIR", help="Folder for one binaural WAV a seat.")
@click.option("--play", is_flag=True, help="Play over the machine's loudspeakers instead, in real time.")
@json_flag
def render(file: Path | None, name: str | None, zones: tuple[str, ...], out: Path, play: bool, as_json: bool) -> None:
    """Write what every seat hears when the zones play their programmes, both ears; or play it in real time."""
    needs_extra()
    from vehiclenest.technology.sound.design import design_zones
    from vehiclenest.technology.sound.export import write_heard
    from vehiclenest.technology.sound.filters import Filtering
    from vehiclenest.technology.sound.render import play as play_now
    from vehiclenest.technology.sound.render import programmes_of
    from vehiclenest.technology.sound.render import render as render_all
    from vehiclenest.technology.sound.zones import Aim

    cabin, filtering = chosen_cabin(file, name), Filtering()
    programmes = {seat: _programme(path, filtering.rate_hz) for seat, path in map(_zone, zones)}
    with progress() as show:
        design = design_zones(cabin, Aim(), filtering, robust=True, show=show)
        programmes_of(design, programmes)
        if play:
            play_now(design, programmes)
            return
        rendered = render_all(design, programmes, show)
    found: dict[str, Any] = {**rendered.report, "out": [str(path) for path in write_heard(design, rendered.heard, out)]}
    if as_json:
        print_json(found)
        return
    click.echo(
        f"{found['seconds_of_sound']:.1f} s of sound, {found['real_time_factor']:.0f} times as fast as it plays; block latency "
        f"{found['block_latency_s'] * 1e3:.0f} ms, filter delay {found['filter_delay_s'] * 1e3:.0f} ms"
    )
    for path in found["out"]:
        click.echo(f"written: {path}")


def _zone(text: str) -> tuple[str, Path]:
    seat, sign, path = text.partition("=")
    if not (seat and sign and path):
        raise InputError(f"--zone {text!r} names no seat and file", expected="SEAT=FILE.wav")
    return seat, Path(path)


def _programme(path: Path, rate_hz: float) -> Any:
    from vehiclenest.technology.sound.read import read_wav, require_rate

    samples, rate = read_wav(path)
    require_rate(rate, rate_hz, path, "the filters")
    return samples.mean(axis=0)
