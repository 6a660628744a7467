"""The terminal as every command prints to it."""

import sys

from rich.console import Console
from rich.table import Table

_PIPED_WIDTH = 160  # no terminal folds what goes into a file


def console_for_people() -> Console:
    """Return a console that folds lines only on a terminal."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def plain_table(title: str, *columns: str) -> Table:
    """Return a table without lines: the first column to the left, the others to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    return table
