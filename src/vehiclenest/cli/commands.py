"""The commands. Each parses its options, calls one room and prints; rooms are imported late, so that --help is quick."""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vehiclenest import __version__
from vehiclenest.cli.battery import battery
from vehiclenest.cli.capture import capture
from vehiclenest.cli.claims import claims
from vehiclenest.cli.contest import contest
from vehiclenest.cli.disclose import disclose
from vehiclenest.cli.hash import hash_events
from vehiclenest.cli.inspect import inspect
from vehiclenest.cli.inspect_demo import inspect_demo_parts
from vehiclenest.cli.inspect_watch import watch as inspect_watch
from vehiclenest.cli.options import FILE, Command, as_of_option, database, json_flag, print_json, progress
from vehiclenest.cli.regenerate import regenerate
from vehiclenest.cli.seal import prove_event, seal_ledger, verify_ledger
from vehiclenest.cli.serve import serve
from vehiclenest.cli.sound import sound
from vehiclenest.cli.sound_head import xtc
from vehiclenest.cli.sound_privacy import mask, render
from vehiclenest.cli.sound_zones import cabin, zones

if TYPE_CHECKING:
    from vehiclenest.ledger import Stock
    from vehiclenest.site import Result
    from vehiclenest.site.pulse import BatteryTest


def _base(default_out: str) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        out = click.option(
            "--out",
            type=FILE,
            default=default_out,
            show_default=True,
            metavar="DIR",
            help="Folder for report.html, events.jsonld and rejected.csv.",
        )
        place = click.option(
            "--place", type=click.Choice(["cn", "eu"]), default="cn", show_default=True, help="Whose rules hold."
        )
        site = click.option("--site", type=FILE, metavar="DIR", help="Folder of the site's own TOML files (see vnest settings).")
        return out(place(site(command)))

    return add


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="vnest", message="%(prog)s %(version)s")
def app() -> None:
    """Vehicle Nest: an automotive remanufacturing base, every kilogram, kilowatt-hour, yuan and document in one ledger."""


app.add_command(capture)
app.add_command(claims)
app.add_command(contest)
app.add_command(disclose)
app.add_command(hash_events)
app.add_command(seal_ledger)
app.add_command(verify_ledger)
app.add_command(prove_event)
app.add_command(regenerate)
app.add_command(battery)
app.add_command(inspect)
app.add_command(serve)
app.add_command(sound)
inspect.add_command(inspect_watch)
for of_sound in (cabin, zones, xtc, mask, render):
    sound.add_command(of_sound)


@app.command(epilog="Example: vnest run lots.csv --out monday --json")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@database
@_base("vnest-out")
@click.option("--no-events", is_flag=True, help="Do not write events.jsonld, which is large for many vehicles; vnest export can.")
@json_flag
def run(files: tuple[Path, ...], db: str, out: Path, place: str, site: Path | None, no_events: bool, as_json: bool) -> None:
    """Take vehicles in, take them apart, route every part and book it all.

    FILE is a salvage-lot list (CSV) or a manifest (CSV, JSON Lines). Each row is processed or stands in rejected.csv with line, field
    and reason.
    """
    title = f"Vehicle Nest: {', '.join(file.name for file in files[:3])}"
    _run(files, db, out, place, site, as_json, title, with_events=not no_events)


@app.command(epilog="Example: vnest demo --out demo-out")
@_base("demo-out")
@json_flag
def demo(out: Path, place: str, site: Path | None, as_json: bool) -> None:
    """Run the bundled manifest of 60 made-up vehicles into a ledger of its own, made anew each time.

    Its traction batteries are graded by a simulated pulse test; where the extra inspect is installed, some of its parts are inspected under
    a simulated scanner (not with --json).
    """
    from vehiclenest.site import delivered_together, example_manifest
    from vehiclenest.site.pulse import simulated_pulse_test

    database = out / "demo.db"
    with delivered_together(out, [database.name]), example_manifest() as manifest:
        for ending in ("", "-wal", "-shm"):
            Path(f"{database}{ending}").unlink(missing_ok=True)
        title = "Vehicle Nest: a day at the base (60 made-up vehicles)"
        url = f"sqlite:///{database}"
        vehicles = _run([manifest], url, out, place, site, as_json, title, battery_test=simulated_pulse_test)
    if not as_json:
        inspect_demo_parts(url, vehicles, out, place, site)


def _run(
    files: Sequence[Path],
    db: str,
    out: Path,
    place: str,
    site: Path | None,
    as_json: bool,
    title: str,
    *,
    with_events: bool = True,
    battery_test: "BatteryTest | None" = None,
) -> list[str]:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings, delivered_together, run, write_events, write_rejected
    from vehiclenest.site.report import write_report
    from vehiclenest.site.versions import newest_version

    if site is not None:
        Settings(place, site)  # a folder that is none is said before anything is opened
    now = datetime.now(UTC)
    # The order matters: the files are whole before the run commits, and appear under their names after it has.
    with (
        delivered_together(out, ["rejected.csv", "events.jsonld", "report.html"]) as folder,
        Ledger(db) as ledger,
        progress() as show,
    ):
        settings = Settings(place, site or newest_version(ledger))

        def deliver(result: "Result", bodies: Iterator[bytes], opening: "Sequence[Stock]") -> None:
            show("files", 0, 3)
            write_rejected(result.rejected, folder / "rejected.csv")
            if not result.vehicles:
                return  # what an earlier run wrote stays
            if with_events:
                write_events(bodies, opening, folder / "events.jsonld", now)
            show("files", 2, 3)
            write_report(result, folder / "report.html", title=title, generated=now, place=place)
            show("files", 3, 3)

        result = run(files, ledger, settings, now, show, deliver, battery_test)
    if as_json:
        print_json(result.as_dict())
    else:
        from vehiclenest.cli.text import print_result

        print_result(result, out)
    if not result.vehicles:
        click.echo(f"vnest: nothing could be done; every row is in {out / 'rejected.csv'}", err=True)
        sys.exit(2)
    return [fate.reference for fate in result.vehicles]


@app.command(epilog="Example: vnest trace LSVAA49J132047371-ENG")
@click.argument("identifier", metavar="ID")
@database
@click.option("--all", "every", is_flag=True, help="Print every output, not the largest 20.")
@as_of_option
@json_flag
def trace(identifier: str, db: str, every: bool, as_of: datetime | None, as_json: bool) -> None:
    """Trace a thing back to its vehicle and forward to everything it became, with shares of its mass.

    ID is a VIN, a lot number, a part (VIN-ENG), an EPC URN or a GS1 Digital Link.
    """
    from vehiclenest.ledger import Ledger
    from vehiclenest.ledger import trace as trace_lot
    from vehiclenest.ledger.trace import as_dict

    with Ledger(db, create=False) as ledger:
        found = trace_lot(ledger, identifier, as_of)
    if as_json:
        print_json(as_dict(found))
    else:
        from vehiclenest.cli.text import print_trace

        print_trace(found, None if every else 20)


@app.command(epilog="Example: vnest balance --by material --from 2026-08-06 --to 2026-08-12")
@click.option(
    "--by",
    type=click.Choice(["stage", "material", "vehicle"]),
    default="stage",
    show_default=True,
    help="What there is a row for.",
)
@click.option("--from", "first", metavar="DAY", help="First day, YYYY-MM-DD, UTC.")
@click.option("--to", "last", metavar="DAY", help="Last day, included.")
@database
@as_of_option
@json_flag
def balance(by: Any, first: str | None, last: str | None, db: str, as_of: datetime | None, as_json: bool) -> None:
    """Balance the four flows: material, energy, money and information."""
    from vehiclenest.core.time import parse_day
    from vehiclenest.ledger import Ledger
    from vehiclenest.ledger.balance import Span, columns_of
    from vehiclenest.ledger.balance import balance as balance_of

    span = Span(parse_day(first) if first else None, parse_day(last) if last else None)
    with Ledger(db, create=False) as ledger, progress() as show, columns_of(ledger, as_of, progress=show) as columns:
        found = balance_of(columns, by, span)
    if as_json:
        print_json(found)
    else:
        from vehiclenest.cli.text import print_balance

        print_balance(found)


@app.command(epilog="Example: vnest export everything.jsonld")
@click.argument("file", type=FILE)
@database
@as_of_option
@json_flag
def export(file: Path, db: str, as_of: datetime | None, as_json: bool) -> None:
    """Write every event of the ledger as one EPCIS 2.0 document."""
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import write_events

    with Ledger(db, create=False) as ledger, ledger.reading() as book:
        events = book.last(as_of)
        write_events(book.bodies(as_of=as_of), [], file, datetime.now(UTC))
    if as_json:
        print_json({"file": str(file), "events": events})
    else:
        click.echo(f"{events} events written to {file}")


@app.command(epilog="Example: vnest settings my-site && vnest run lots.csv --site my-site")
@click.argument("folder", type=FILE, metavar="DIR")
@json_flag
def settings(folder: Path, as_json: bool) -> None:
    """Copy every yield, time, price, factor and rule into a folder to edit; use it with --site.

    Files that are in DIR already stay as they are.
    """
    from vehiclenest.site import copy_settings

    written, kept = copy_settings(folder)
    if as_json:
        print_json({"folder": str(folder), "written": written, "kept": kept})
        return
    click.echo(f"{len(written)} files written to {folder}" + (f"; {len(kept)} were there already and stay" if kept else ""))
