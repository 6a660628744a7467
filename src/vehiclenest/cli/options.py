"""What several commands share: options, printing, progress shown."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

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


def json_option(text: str = "Print one JSON object.") -> Callable[[Command], Command]:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help=text)


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
