"""`vnest sound xtc`: crosstalk cancellation for a measured head."""

from pathlib import Path
from typing import Any

import click

from vehiclenest.cli.options import FILE, json_flag, print_json, progress
from vehiclenest.cli.sound import needs_extra


@click.command(epilog="Example: vnest sound xtc mit_kemar_normal_pinna.sofa --head-track --out filters.wav")
@click.argument("hrtf", type=FILE, metavar="HRTF.sofa")
@click.option(
    "--span", type=click.FloatRange(2, 170), default=60.0, show_default=True, help="Between the two loudspeakers, degrees."
)
@click.option("--head-track/--no-head-track", default=False, show_default=True, help="Filters follow the head.")
@click.option(
    "--effort", type=click.FloatRange(0.1, 40), default=12.0, show_default=True, help="Most effort over plain playback, dB."
)
@click.option(
    "--other-head", type=click.FloatRange(0.8, 1.25), default=1.05, show_default=True, help="Size of the mismatched head."
)
@click.option("--out", type=FILE, metavar="WAV", help="Write the filters of the head at rest, four channels: LL, LR, RL, RR.")
@click.option(
    "--render", "programme", type=FILE, metavar="WAV", help="Also place this sound in the room, with --azimuth and --feeds."
)
@click.option(
    "--azimuth", type=click.FloatRange(-180, 180), default=30.0, show_default=True, help="Of the sound, to the left, degrees."
)
@click.option("--yaws", type=FILE, metavar="FILE", help="What a head tracker said, one yaw a line in degrees, evenly spread.")
@click.option(
    "--feeds", type=FILE, default="feeds.wav", show_default=True, metavar="WAV", help="What the two loudspeakers play then."
)
@json_flag
def xtc(
    hrtf: Path, span: float, head_track: bool, effort: float, other_head: float, out: Path | None, programme: Path | None,
    azimuth: float, yaws: Path | None, feeds: Path, as_json: bool,
) -> None:  # fmt: skip
    """Design filters that bring each ear its own signal over two loudspeakers, and say how far apart the ears stay.

    Separation: an ear's own signal over what crosses to the other ear, by third octave; for the head that the filters know, for the same
    head turned, and for a head of another size. Turned by angles that were not measured, a tracked design interpolates.
    """
    needs_extra()
    from vehiclenest.technology.sound.head_report import head_report, render_source, write_canceller

    with progress() as show:
        report, canceller = head_report(hrtf, span, effort, other_head, tracked=head_track, show=show)
    if out:
        write_canceller(canceller, out)
        report["out"] = str(out)
    if programme:
        report["rendered"] = {**render_source(hrtf, span, azimuth, programme, yaws, feeds), "feeds": str(feeds)}
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    from vehiclenest.cli.console import console_for_people, plain_table

    table = plain_table("Separation, dB, lowest of both ears", "", *(f"{hz:g} Hz" for hz in report["shown_hz"]), "lowest")
    for row in report["cases"]:
        table.add_row(row["case"], *(f"{value:.1f}" for value in row["shown_db"]), f"{row['lowest_db']:.1f}")
    console = console_for_people()
    console.print(table)
    tracked = "filters follow the head" if report["tracked"] else "filters stay as for the head at rest"
    console.print(
        f"Effort at most {report['effort_db']:.1f} dB, largest gain of a filter {report['peak_gain_db']:.1f} dB; {report['taps']} taps at "
        f"{report['rate_hz']:,.0f} Hz, delay {report['delay_s'] * 1e3:.1f} ms; {tracked}."
    )
    if "out" in report:
        console.print(f"written: {report['out']}")
    if "rendered" in report:
        placed = report["rendered"]
        console.print(
            f"a source {placed['azimuth_deg']:g}° to the left, head turned up to {placed['largest_yaw_deg']:g}°: {placed['feeds']}"
        )
