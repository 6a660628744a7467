"""`vnest inspect watch`: scans of a folder as they arrive."""

import json
import signal
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from vehiclenest.cli.inspect import UNITS, library_option, needs_extra, site_option
from vehiclenest.cli.inspect_text import one_line
from vehiclenest.cli.options import FILE
from vehiclenest.core.errors import InputError

if TYPE_CHECKING:
    from vehiclenest.loop.inspect.reading import Unit
    from vehiclenest.loop.inspect.watching import Arrival


@click.command(epilog="Example: vnest inspect watch incoming --library parts --out results")
@click.argument("folder", type=FILE, metavar="DIR")
@click.option("--part", "part_id", metavar="ID", help="Which part all of them are, where that is known.")
@click.option("--fixture", is_flag=True, help="A fixture holds the part in the reference's place; asks for --part.")
@click.option("--unit", type=UNITS, help="Unit of the files; by default m for E57, mm for the rest.")
@click.option("--out", type=FILE, metavar="DIR", help="Also write what each scan shows, as JSON under the scan's name.")
@click.option("--once", is_flag=True, help="Inspect what is there and end.")
@site_option
@library_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def watch(
    folder: Path, part_id: str | None, unit: "Unit | None", out: Path | None, site: Path | None, library: Path,
    *, fixture: bool, once: bool, as_json: bool,
) -> None:  # fmt: skip
    """Inspect the scans of a folder as they arrive, until it is interrupted; says how many points it does a second.

    A file that is refused is named with the reason, and the next one goes on.
    """
    needs_extra()
    if fixture and part_id is None:
        raise InputError("--fixture without --part", expected="--part ID: a fixture is made for one part")
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder", expected="the folder that the scanner writes to")
    from vehiclenest.loop.inspect.inspection import Settings
    from vehiclenest.loop.inspect.reference import Library
    from vehiclenest.loop.inspect.watching import watch as arrivals

    shelf = Library(library)
    if part_id:
        shelf[part_id]  # an unknown part is said at once
    stopping: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: stopping.append(number))
    points, scans, refused, start = 0, 0, 0, perf_counter()
    busy = 0.0
    try:
        settings = Settings(part_id, fixture=fixture, unit=unit, site=site)
        for arrival in arrivals(folder, shelf, settings, once=once, stopped=lambda: bool(stopping)):
            document = _document(arrival)
            click.echo(json.dumps(document) if as_json else _line(arrival, document))
            if out and arrival.made:
                _write(out, arrival.path, document)
            if arrival.made:
                points, scans, busy = points + len(arrival.made.points), scans + 1, busy + arrival.seconds
            else:
                refused += 1
    finally:
        signal.signal(signal.SIGINT, before)
    rate = f", {points / busy / 1e6:.2f} M points/s while there was work" if busy else ""
    click.echo(f"{scans} scans, {points:,} points, {refused} refused in {perf_counter() - start:.1f} s{rate}", err=True)


def _document(arrival: "Arrival") -> dict[str, Any]:
    if arrival.made is None:
        return {"scan": arrival.path.name, "refused": str(arrival.refused)}
    return arrival.made.found.document()


def _line(arrival: "Arrival", document: dict[str, Any]) -> str:
    return f"{arrival.path.name}: refused: {arrival.refused}" if arrival.made is None else one_line(document)


def _write(out: Path, scan: Path, document: dict[str, Any]) -> None:
    from vehiclenest.site import delivered_together

    name = f"{scan.name}.json"
    with delivered_together(out, [name]) as folder:
        (folder / name).write_text(json.dumps(document, indent=2), encoding="utf-8")
