"""`vnest regenerate`: run a black mass through a route, compare routes, test claims, plan a year."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from vehiclenest.loop.regenerate import Feed

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)


@click.group()
def regenerate() -> None:
    """Black mass to lithium carbonate and metal products: flowsheets, cost, carbon, claims."""


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def _feed(command: Command) -> Command:
    argument = click.argument("file", type=_FILE, required=False, metavar="[FEED.toml]")
    bundled = click.option(
        "--feed", "bundled", type=click.Choice(["nmc622", "lfp", "mixed"]), help="A bundled feed instead of a file."
    )
    return argument(bundled(command))


def _html(command: Command) -> Command:
    return click.option("--html", type=_FILE, metavar="FILE", help="Also write a self-contained page with charts.")(command)


@regenerate.command(epilog="Example: vnest regenerate run --feed nmc622 --route one-step --json")
@_feed
@click.option(
    "--route", type=click.Choice(["hydro", "direct", "one-step"]), default="hydro", show_default=True, help="Which route."
)
@click.option(
    "--to",
    "finish",
    type=click.Choice(["oxide", "salts"]),
    default="salts",
    show_default=True,
    help="How far nickel, cobalt and manganese are refined.",
)
@click.option(
    "--graphite",
    type=click.Choice(["kept", "sold", "burnt"]),
    default="kept",
    show_default=True,
    help="Kept in the residue, floated off and sold, or burnt.",
)
@click.option("--on", "day", metavar="DAY", help="Day whose law holds, YYYY-MM-DD; today by default.")
@click.option("--lot", "lots", multiple=True, metavar="ID", help="Record in the ledger: a pack (VIN-TBA; repeat) or black mass.")
@click.option(
    "--db",
    envvar="VNEST_DB",
    default="sqlite:///vnest.db",
    show_default=True,
    show_envvar=True,
    metavar="URL",
    help="Ledger for --lot, as a SQLAlchemy URL.",
)
@click.option("--site", type=_FILE, metavar="DIR", help="Folder of the site's own TOML files, for --lot.")
@_html
@_json
def run(
    file: Path | None,
    bundled: str | None,
    route: Any,
    finish: Any,
    graphite: Any,
    day: str | None,
    lots: tuple[str, ...],
    db: str,
    site: Path | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """Run a feed through a route: streams, element balance, utilities, cost, carbon, limits of law.

    FEED.toml holds mass_t and [composition], mass fractions of materials (NMC622, LFP, graphite, Al, Cu …) or species, and may set
    parameters: [parameters.one_step] leach_temperature = 20.
    """
    from vehiclenest.core.time import parse_day
    from vehiclenest.loop.regenerate import checks
    from vehiclenest.loop.regenerate import run as run_feed

    now = datetime.now(UTC)
    outcome = run_feed(_read(file, bundled), route, finish, graphite)
    found = checks(outcome, parse_day(day) if day else now.date())
    result = outcome.as_dict() | {"limits": [check.as_dict() for check in found]}
    if html:
        from vehiclenest.site.regenerate_report import write_run_page

        write_run_page(outcome, found, html, now)
    if lots:
        from vehiclenest.ledger import Ledger
        from vehiclenest.site import Settings
        from vehiclenest.site.regenerate import book_outcome

        with Ledger(db, create=False) as ledger:
            result["ledger"] = book_outcome(outcome, lots, ledger, Settings(folder=site), now).as_dict()
    if as_json:
        _print_json(result)
        return
    from vehiclenest.cli.regenerate_text import print_run

    print_run(result, html)


@regenerate.command(epilog="Example: vnest regenerate compare --feed nmc622")
@_feed
@_json
def compare(file: Path | None, bundled: str | None, as_json: bool) -> None:
    """Set the routes side by side at three boundaries: lithium circuit, to mixed oxide, to battery-grade salts."""
    from vehiclenest.loop.regenerate import compare as compare_routes

    feed = _read(file, bundled)
    rows = compare_routes(feed)
    if as_json:
        _print_json({"feed": feed.name, "rows": rows})
        return
    from vehiclenest.cli.regenerate_text import print_compare

    print_compare(feed.name, rows)


@regenerate.command(epilog="Example: vnest regenerate claims --feed nmc622 --runs 10000 --html claims.html")
@_feed
@click.option("--runs", type=int, default=10_000, show_default=True, help="Draws of the Monte Carlo.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Where the draws start.")
@click.option("--markdown", is_flag=True, help="Print the verdicts as the table of docs/regenerate.md.")
@_html
@_json
def claims(
    file: Path | None, bundled: str | None, runs: int, seed: int, markdown: bool, html: Path | None, as_json: bool
) -> None:
    """Hold the one-step route's claims against sourced ranges: probability, what drives it, verdict, what is missing.

    Without a feed the bundled nmc622 is taken.
    """
    from vehiclenest.loop.regenerate import claims as hold_claims
    from vehiclenest.loop.regenerate import run as run_feed

    feed = _read(file, bundled or ("nmc622" if file is None else None))
    with progress_bar() as progress:
        rows = hold_claims(feed, runs, seed, progress)
    if html:
        from vehiclenest.site.regenerate_report import write_claims_page

        write_claims_page([run_feed(feed, route) for route in ("hydro", "one-step")], rows, runs, html, datetime.now(UTC))
    if as_json:
        _print_json({"feed": feed.name, "runs": runs, "seed": seed, "rows": [row.as_dict() for row in rows]})
        return
    from vehiclenest.cli.regenerate_text import claims_markdown, print_claims

    if markdown:
        click.echo(claims_markdown(feed.name, runs, seed, rows))
    else:
        print_claims(feed.name, runs, rows, html)


@regenerate.command(epilog="Example: vnest regenerate plan --year 2027 --iron-phosphate 0.6")
@click.option("--year", type=int, is_flag=False, flag_value=0, default=0, help="Year to plan; the next one by default.")
@click.option("--packs", type=float, metavar="T", help="Packs in t a year; 220,000 by default.")
@click.option("--iron-phosphate", "share", type=float, metavar="SHARE", help="Mass share of LFP, 0 to 1; 0.5 by default.")
@click.option(
    "--route", type=click.Choice(["hydro", "direct", "one-step"]), default="hydro", show_default=True, help="Of both campaigns."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the arrivals.")
@_json
def plan(year: int, packs: float | None, share: float | None, route: Any, seed: int, as_json: bool) -> None:
    """Plan a year of mixed LFP and NMC packs: lines, test channels, stock, reagents, products."""
    from vehiclenest.loop.regenerate import plan as plan_year

    found = plan_year(year or _next_year(), packs, share, route, seed=seed).as_dict()
    if as_json:
        _print_json(found)
        return
    from vehiclenest.cli.regenerate_text import print_plan

    print_plan(found)


def _next_year() -> int:
    return date.today().year + 1  # noqa: DTZ011  # a calendar year, in no zone


def _read(file: Path | None, bundled: str | None) -> "Feed":
    from vehiclenest.core.errors import InputError
    from vehiclenest.loop.regenerate import bundled_feed, read_feed

    if file and not bundled:
        return read_feed(file)
    if bundled and not file:
        return bundled_feed(bundled)
    raise InputError(
        "no feed is given" if not file else "a file and a bundled feed are given",
        expected="FEED.toml, or --feed nmc622, lfp or mixed",
    )


def _print_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, indent=2, allow_nan=False))


@contextmanager
def progress_bar() -> Generator[Callable[[str, int, int], None]]:
    """Show progress on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("solving")
        yield lambda stage, done, total: bar.update(task, description=stage, completed=done, total=total)
