"""Files that a run writes: each appears under its name only when it is whole."""

import csv
import os
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from vehiclenest.core.errors import InputError
from vehiclenest.ledger import Stock, write_document
from vehiclenest.site.reading import Rejected


@contextmanager
def delivered_together(folder: Path, names: Sequence[str]) -> Generator[Path]:
    """Give a folder to write files into; they move to `folder` together at the end, or after an error not at all.

    Raises
    ------
    InputError
        Before any work is done, where the files cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        in_the_way = next((name for name in names if (folder / name).is_dir()), None)
        if in_the_way:
            raise InputError(f"{folder / in_the_way} is a folder", expected="a file, or nothing, of that name")
        staging = tempfile.TemporaryDirectory(dir=folder, prefix=".new-")
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}", expected="a folder that can be written") from None
    with staging as name:
        yield Path(name)
        for file in sorted(Path(name).iterdir()):
            file.replace(folder / file.name)


def write_rejected(rejected: Sequence[Rejected], path: Path) -> None:
    """Write `rejected.csv`: file, line, field, reason; whole or not at all."""
    rows = ([row.file, "" if row.line is None else str(row.line), row.field, row.reason] for row in rejected)
    write_table([["file", "line", "field", "reason"], *rows], path)


def write_table(rows: Iterable[Sequence[str]], path: Path) -> None:
    """Write a CSV whose cells a spreadsheet takes as text; whole or not at all."""
    with whole_file(path) as file:
        csv.writer(file).writerows([_inert(cell) for cell in row] for row in rows)


def _inert(text: str) -> str:
    """Return a cell that a spreadsheet takes as text and never as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def write_events(bodies: Iterable[bytes], opening: Sequence[Stock], path: Path, created: datetime) -> None:
    """Write the EPCIS document of events, with what tanks held before the first of them."""
    with whole_file(path) as file:
        for piece in write_document(bodies, created, {stock.lot: stock.materials for stock in opening}):
            file.write(piece.decode())


@contextmanager
def whole_file(path: Path) -> Generator[IO[str]]:
    """Open a file to write that appears under its name only when it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InputError(f"{path.parent} cannot be written: {error.strerror}", expected="a folder that can be written") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path} cannot be written: {error.strerror}", expected="room on the disk") from None
        raise
