"""`vnest sound cabin` and `vnest sound zones`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.options import FILE, Command, json_flag, print_json, progress
from vehiclenest.cli.sound import needs_extra
from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    from vehiclenest.technology.sound.cabin import Cabin
    from vehiclenest.technology.sound.zones import Aim

_TAPS = (256, 512, 1024, 2048)


def cabin_argument(command: Command) -> Command:
    """Add the cabin that a command works on: a file, or a bundled one by name."""
    named = click.option("--cabin", "name", metavar="NAME", help="A bundled cabin: sedan-headrest, sedan-door.")(command)
    return click.argument("file", type=FILE, required=False, metavar="[CABIN.toml]")(named)


def chosen_cabin(file: Path | None, name: str | None) -> "Cabin":
    """Return that cabin; raise `InputError` where there is not exactly one."""
    from vehiclenest.technology.sound.cabin import bundled_cabins, load_cabin

    if (file is None) == (name is None):
        raise InputError("give a cabin file or --cabin, one of the two", expected=f"--cabin {bundled_cabins()[0]}, for example")
    if name is not None and name not in bundled_cabins():
        raise InputError(f"there is no bundled cabin {name!r}", expected=f"one of {', '.join(bundled_cabins())}")
    return load_cabin(file or name or "")


@click.command(epilog="Example: vnest sound zones --cabin sedan-headrest --html zones.html --out filters")
@cabin_argument
@click.option(
    "--method", type=click.Choice(["pm", "acc", "vast"]), default="acc", show_default=True,
    help="Pressure matching, acoustic contrast control, or variable span between them.",
)  # fmt: skip
@click.option("--span", type=click.IntRange(min=1), default=2, show_default=True, help="Vectors that vast keeps.")
@click.option(
    "--effort", type=click.FloatRange(0, 40), default=6.0, show_default=True, help="Most effort over one zone alone, dB."
)
@click.option(
    "--robust/--nominal", default=True, show_default=True, help="Design over moved heads and warm air, or as the file has it."
)
@click.option("--taps", type=click.Choice([str(taps) for taps in _TAPS]), default="1024", show_default=True, help="At 16 kHz.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the points and loudspeaker gains drawn for the score.")
@click.option("--out", type=FILE, metavar="DIR", help="Folder for the filters, one WAV a seat with one channel a loudspeaker.")
@click.option("--html", type=FILE, metavar="FILE", help="Also write a self-contained page with charts.")
@click.option(
    "--responses", multiple=True, type=FILE, metavar="FILE",
    help="Measured responses instead of a cabin: one WAV a loudspeaker (a channel a microphone; repeat), or one SOFA.",
)  # fmt: skip
@click.option("--seat", "seats", multiple=True, metavar="NAME=1-4", help="Microphones of a seat in measured responses; repeat.")
@json_flag
def zones(
    file: Path | None, name: str | None, method: Any, span: int, effort: float, robust: bool, taps: str, seed: int,
    out: Path | None, html: Path | None, responses: tuple[Path, ...], seats: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Design filters that give every seat a programme of its own, and score them where the design never looked.

    Contrast: level of a programme at its seat over its level at another, mean over pairs of seats and worst pair, at unseen ears or at
    the evaluation points of the file; again under warm air, moved and turned heads and loudspeaker tolerance.
    """
    needs_extra()
    from vehiclenest.technology.sound.design import design_zones, score_design
    from vehiclenest.technology.sound.filters import Filtering
    from vehiclenest.technology.sound.zones import Aim

    if responses:
        _measured(responses, seats, Aim(method, span, effort, rounds=0), out, as_json=as_json)
        return
    cabin = chosen_cabin(file, name)
    aim = Aim(method, span, effort)
    with progress() as show:
        design = design_zones(cabin, aim, Filtering.of_length(int(taps)), robust=robust, show=show)
        found = score_design(design, seed, show)
    if out:
        from vehiclenest.technology.sound.export import write_filters

        found["out"] = [str(path) for path in write_filters(design, out)]
    if html:
        from vehiclenest.technology.sound.export import write_page

        write_page(design, found, html)
        found["html"] = str(html)
    if as_json:
        print_json(found)
        return
    _print_zones(found)


def _measured(files: tuple[Path, ...], seats: tuple[str, ...], aim: "Aim", out: Path | None, *, as_json: bool) -> None:
    """Design and score zones from measured responses."""
    from vehiclenest.technology.sound.measured import design_measured

    found = design_measured(files, dict(_seat(text) for text in seats), aim, out)
    if as_json:
        print_json(found)
    else:
        _print_zones(found)


def _seat(text: str) -> tuple[str, list[int]]:
    """Read NAME=1-4 or NAME=1,3,5."""
    name, _, numbers = text.partition("=")
    try:
        microphones = [
            number
            for part in numbers.split(",")
            for first, _, last in [part.partition("-")]
            for number in range(int(first), int(last or first) + 1)
        ]
    except ValueError:
        microphones = []
    if not name or not microphones:
        raise InputError(f"--seat {text!r} names no microphones", expected="NAME=1-4 or NAME=1,3,5")
    return name, microphones


def _print_zones(found: dict[str, Any]) -> None:
    from vehiclenest.cli.console import console_for_people, plain_table

    table = plain_table(
        f"{found['cabin']}, {found['method']}, dB by octave band", "", *(f"{hz:g} Hz" for hz in found["bands_hz"])
    )
    rows = {
        "contrast, unseen ears": found["contrast_unseen_db"],
        "… worst single deviation": found["contrast_worst_condition_db"],
        "… all deviations at once": found.get("contrast_joint_deviation_db"),
        "… where it was designed": found["contrast_control_db"],
        "… without a design": found["contrast_plain_db"],
    }
    for label, by_band in rows.items():
        if by_band is None:
            continue
        pairs = zip(by_band["mean"], by_band["worst"], strict=True)
        table.add_row(label, *(f"{mean:.1f} ({worst:.1f})" for mean, worst in pairs))
    for label, key in (("effort over one zone alone", "effort_db"), ("array gain", "array_gain_db")):
        table.add_row(label, *(f"{value:.1f}" for value in found[key]))
    console = console_for_people()
    console.print(table)
    if found["cabin"] == "measured":
        console.print(
            f"Mean over pairs of seats (worst pair), at microphones kept from the design. {found['taps']} taps at {found['rate_hz']:,} Hz, "
            f"delay {found['delay_s'] * 1e3:.1f} ms; designed in {found['seconds']:.1f} s. Measured once: deviations are not assessed."
        )
        return
    ringing = max(found["pre_ringing_db"].values())
    console.print(
        f"Mean over pairs of seats (worst pair). {found['taps']} taps at {found['rate_hz']:,} Hz, delay {found['delay_s'] * 1e3:.1f} ms; "
        f"pre-ringing {ringing:.0f} dB; designed in {found['seconds']:.1f} s. Every figure is simulated."
    )
    for key in ("html", "out"):
        if key in found:
            console.print(f"written: {found[key] if key == 'html' else ', '.join(found[key])}")


@click.command(
    epilog="Example: vnest sound cabin --cabin sedan-headrest --measured passat-b8-woofer-left-ir-96k.wav --out responses"
)
@cabin_argument
@click.option("--measured", type=FILE, metavar="WAV", help="A measured response of such a cabin, to stand beside it.")
@click.option("--loudspeaker", "source", metavar="NAME", help="Loudspeaker that is compared; the file's first without it.")
@click.option("--out", type=FILE, metavar="DIR", help="Folder for the responses, one WAV a loudspeaker with one channel an ear.")
@json_flag
def cabin(
    file: Path | None, name: str | None, measured: Path | None, source: str | None, out: Path | None, as_json: bool
) -> None:
    """Simulate the impulse responses from every loudspeaker to every ear, and report decay times and response by band."""
    needs_extra()
    from vehiclenest.technology.sound.check import RATE_HZ, cabin_report
    from vehiclenest.technology.sound.export import write_responses
    from vehiclenest.technology.sound.read import read_wav

    chosen = chosen_cabin(file, name)
    with progress() as show:
        show("responses", 0, 1)
        heard = read_wav(measured) if measured else None
        report, responses = cabin_report(chosen, source, (heard[0][0], heard[1]) if heard else None)
        show("responses", 1, 1)
    if out:
        report["out"] = [str(path) for path in write_responses(chosen, responses, RATE_HZ, out)]
    if as_json:
        print_json(report)
        return
    _print_cabin(report)


def _print_cabin(report: dict[str, Any]) -> None:
    from vehiclenest.cli.console import console_for_people, plain_table

    table = plain_table(f"{report['cabin']}: decay time T20, s", "", *(f"{hz:g} Hz" for hz in report["bands_hz"]))
    for label, key in (("simulated", "t20_simulated_s"), ("Eyring", "eyring_s"), ("measured", "t20_measured_s")):
        if key in report:
            table.add_row(label, *("–" if value is None else f"{value:.3f}" for value in report[key]))
    console = console_for_people()
    console.print(table)
    console.print(f"Damped modes below {report['schroeder_hz']:.0f} Hz, image sources above; crossfaded over half an octave.")
    if "response_difference_db" in report:
        console.print(
            f"{report['loudspeaker']} against the measured response, third octaves "
            f"{report['response_hz'][0]:.0f}–{report['response_hz'][-1]:.0f} Hz: "
            f"standard deviation of the difference {report['response_difference_db']:.1f} dB"
        )
    for path in report.get("out", []):
        console.print(f"written: {path}")
