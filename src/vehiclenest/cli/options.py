"""What several commands share: options, files read, progress shown."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import click

from vehiclenest.core.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])
Progress = Callable[[str, int, int], None]
FILE = click.Path(path_type=Path)


def database(command: Command) -> Command:
    """Add --db: which ledger."""
    return click.option(
        "--db",
        envvar="VNEST_DB",
        default="sqlite:///vnest.db",
        show_default=True,
        show_envvar=True,
        metavar="URL",
        help="Ledger, as a SQLAlchemy URL.",
    )(command)


def json_flag(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def as_of_option(command: Command) -> Command:
    """Add --as-of: what was known by then."""
    return click.option(
        "--as-of",
        metavar="TIME",
        help="What the ledger knew by then: a day (its end, UTC) or a time with zone.",
        callback=_moment,
    )(command)


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    from vehiclenest.core.time import parse_day, parse_time

    if "T" not in value and " " not in value.strip():
        return datetime.combine(parse_day(value.strip()), time.max, UTC)
    moment, assumed = parse_time(value)
    if assumed:
        raise InputError(f"--as-of {value!r} has no zone", expected="for example 2026-08-12T18:00:00+08:00, or a day")
    return moment


def file_bytes(file: Path, expected: str) -> bytes:
    """Return the content of a file; raise `InputError` where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", expected=expected) from None


def print_json(found: dict[str, Any]) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(found, indent=2))


@contextmanager
def progress() -> Generator[Progress]:
    """Show progress on the terminal, where there is one."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield show
