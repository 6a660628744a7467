"""Options and printing that groups of commands share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
FILE = click.Path(path_type=Path)


def json_option(command: Command) -> Command:
    """Add --json to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def print_json(found: dict[str, Any]) -> None:
    """Print one object for machines."""
    click.echo(json.dumps(found, indent=2))
