"""The commands. Each parses its options, calls one room and prints; rooms are imported late, so that --help is quick."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from vehiclenest import __version__

app = typer.Typer(
    name="vnest", no_args_is_help=True, add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False,
    help="Vehicle Nest: an automotive remanufacturing base, every kilogram, kilowatt-hour, yuan and document in one ledger.",
)  # fmt: skip

Database = Annotated[str, typer.Option("--db", envvar="VNEST_DB", metavar="URL", help="Ledger, as a SQLAlchemy URL.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for report.html, events.jsonld and rejected.csv.")]
SiteFolder = Annotated[
    Path | None, typer.Option("--site", metavar="DIR", help="Folder of the site's own TOML files (see vnest settings).")
]
DEFAULT_DB = "sqlite:///vnest.db"


class Place(StrEnum):
    """Whose rules hold."""

    CN = "cn"
    EU = "eu"


class By(StrEnum):
    """What a balance has rows for."""

    STAGE = "stage"
    MATERIAL = "material"
    VEHICLE = "vehicle"


PlaceOption = Annotated[Place, typer.Option("--place", help="Whose rules hold.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"vnest {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    _ = version


@app.command(epilog="Example: vnest run lots.csv --out monday --json")
def run(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Salvage-lot lists (CSV) or manifests (CSV, JSON Lines).")
    ],
    db: Database = DEFAULT_DB,
    out: Out = Path("vnest-out"),
    place: PlaceOption = Place.CN,
    site: SiteFolder = None,
    as_json: Json = False,
) -> None:
    """Take vehicles in, take them apart, route every part and book it all.

    Each row is processed or stands in rejected.csv with line, field and reason.
    """
    _run(files, db, out, place, site, as_json, f"Vehicle Nest: {', '.join(file.name for file in files[:3])}")


@app.command(epilog="Example: vnest demo --out demo-out")
def demo(out: Out = Path("demo-out"), place: PlaceOption = Place.CN, site: SiteFolder = None, as_json: Json = False) -> None:
    """Run the bundled manifest of 60 made-up vehicles into a ledger of its own, made anew each time."""
    from vehiclenest.site import example_manifest, prepare_folder

    prepare_folder(out)
    database = out / "demo.db"
    for ending in ("", "-wal", "-shm"):
        Path(f"{database}{ending}").unlink(missing_ok=True)
    with example_manifest() as manifest:
        _run(
            [manifest],
            f"sqlite:///{database}",
            out,
            place,
            site,
            as_json,
            "Vehicle Nest: a day at the base (60 made-up vehicles)",
        )


def _run(files: list[Path], db: str, out: Path, place: Place, site: Path | None, as_json: bool, title: str) -> None:
    from vehiclenest.ledger import Ledger
    from vehiclenest.site import Settings, prepare_folder, run, write_events, write_rejected
    from vehiclenest.site.report import write_report

    now = datetime.now(UTC)
    settings = Settings(place.value, site)
    prepare_folder(out)
    with Ledger(db) as ledger:
        first = ledger.size() + 1
        with _progress() as progress:
            result = run(files, ledger, settings, now, progress)
            progress("files", 0, 3)
            write_rejected(result.rejected, out / "rejected.csv")
            write_events(ledger, first, out / "events.jsonld", now)
            progress("files", 2, 3)
            write_report(result, out / "report.html", title=title, generated=now, place=place.value)
            progress("files", 3, 3)
    if as_json:
        _print_json(result.as_dict())
    else:
        from vehiclenest.cli.text import print_result

        print_result(result, out)
    if not result.vehicles:
        typer.echo("vnest: nothing could be done; every row is in " + str(out / "rejected.csv"), err=True)
        raise typer.Exit(2)


@app.command(epilog="Example: vnest trace LSVAA49J132047371-ENG")
def trace(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="VIN, lot number, part (VIN-ENG), EPC URN or GS1 Digital Link.")
    ],
    db: Database = DEFAULT_DB,
    every: Annotated[bool, typer.Option("--all", help="Print every output, not the largest 20.")] = False,
    as_json: Json = False,
) -> None:
    """Trace a thing back to its vehicle and forward to everything it became, with shares of its mass."""
    from vehiclenest.ledger import Ledger
    from vehiclenest.ledger import trace as trace_lot
    from vehiclenest.ledger.trace import as_dict

    with Ledger(db, create=False) as ledger:
        found = trace_lot(ledger, identifier)
    if as_json:
        _print_json(as_dict(found))
    else:
        from vehiclenest.cli.text import print_trace

        print_trace(found, None if every else 20)


@app.command(epilog="Example: vnest balance --by material --from 2026-08-06 --to 2026-08-12")
def balance(
    by: Annotated[By, typer.Option("--by", help="Rows by stage, material or vehicle.")] = By.STAGE,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, YYYY-MM-DD, UTC.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, included.")] = None,
    db: Database = DEFAULT_DB,
    as_json: Json = False,
) -> None:
    """Balance the four flows: material, energy, money and information."""
    from vehiclenest.core.time import parse_day
    from vehiclenest.ledger import Ledger, Span
    from vehiclenest.ledger import balance as balance_of

    span = Span(parse_day(first) if first else None, parse_day(last) if last else None)
    with Ledger(db, create=False) as ledger:
        found = balance_of(ledger, by.value, span)
    if as_json:
        _print_json(found)
    else:
        from vehiclenest.cli.text import print_balance

        print_balance(found)


@app.command(epilog="Example: vnest settings my-site && vnest run lots.csv --site my-site")
def settings(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to write the TOML files to; files there stay as they are.")
    ],
    as_json: Json = False,
) -> None:
    """Copy every yield, time, price, factor and rule into a folder to edit; use it with --site."""
    from vehiclenest.site import copy_settings

    written, kept = copy_settings(folder)
    if as_json:
        _print_json({"folder": str(folder), "written": written, "kept": kept})
        return
    typer.echo(f"{len(written)} files written to {folder}" + (f"; {len(kept)} were there already and stay" if kept else ""))


def _print_json(found: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


@contextmanager
def _progress() -> Generator[Callable[[str, int, int], None]]:
    """Show progress on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield show
