"""Rows of a file: CSV or JSON Lines → cells by column name, with the line they stand on.

Nothing a file contains may stop the good rows or fill the memory: a line is read up to a limit, each record is parsed on its own, and
what is no record is handed on as an error with its line.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from vehiclenest.core.errors import InputError, Where

LONGEST_LINE = 1_000_000  # bytes
_MOST_LINES = 50  # of one quoted record
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})


@dataclass(frozen=True, slots=True)
class Row:
    """One record: `line` is where it starts, `cells` its text by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of bytes; None where it was longer than the limit."""

    number: int
    text: bytes | None


def is_json(path: Path) -> bool:
    """Return whether a file's name says JSON Lines; everything else is read as CSV."""
    return path.suffix.lower() in _JSON_ENDINGS


def read_rows(path: Path) -> Iterator[Row | InputError]:
    """Yield the rows of a file, or for a line that is none the error that says why.

    Raises
    ------
    InputError
        Where the file as a whole cannot be read: missing, empty, not UTF-8 from its first line on.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError("is no regular file", expected="a CSV or JSON Lines file", where=Where(str(path)))
        with path.open("rb") as file:
            lines = _lines(file)
            first = next((line for line in lines if line.text is None or line.text.strip()), None)
            _check_start(first)
            assert first is not None  # noqa: S101  # for the type checker: an empty file was refused
            yield from (_json_rows if is_json(path) else _csv_rows)(first, lines)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", expected="a CSV or JSON Lines file", where=Where(str(path))
        ) from None


def _check_start(first: Line | None) -> None:
    if first is None:
        raise InputError("the file is empty", expected="a header line and one row a vehicle")
    if first.text is None:
        raise InputError(
            f"the line is longer than {LONGEST_LINE:,} bytes",
            expected="a text file with one record a line",
            where=Where(line=first.number),
        )
    for mark, name in _BYTE_ORDER_MARKS.items():
        if first.text.startswith(mark):
            raise InputError(f"the file is {name}", expected="UTF-8 (save as 'CSV UTF-8')", where=Where(line=1))
    if b"\0" in first.text:
        raise InputError("the file is not text", expected="CSV or JSON Lines in UTF-8", where=Where(line=first.number))
    _decode(first)


def _lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while True:
        text = file.readline(LONGEST_LINE + 1)
        if not text:
            return
        number += 1
        if len(text) <= LONGEST_LINE:
            yield Line(number, text)
            continue
        while text and not text.endswith(b"\n"):
            text = file.readline(LONGEST_LINE)
        yield Line(number, None)


def _decode(line: Line) -> str:
    if line.text is None:
        raise InputError(
            f"the line is longer than {LONGEST_LINE:,} bytes", expected="one record a line", where=Where(line=line.number)
        )
    try:
        text = line.text.decode("utf-8-sig" if line.number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte 0x{line.text[error.start]:02x} at position {error.start + 1} is not UTF-8",
            expected="UTF-8",
            where=Where(line=line.number),
        ) from None
    if "\0" in text:
        raise InputError("the line holds a NUL", expected="text", where=Where(line=line.number))
    return text


def _csv_rows(first: Line, lines: Iterator[Line]) -> Iterator[Row | InputError]:
    header = _header(first)
    for number, cells in _records(lines, len(header)):
        if isinstance(cells, InputError):
            yield cells
        elif not any(cell.strip() for cell in cells):
            continue
        elif len(cells) != len(header):
            yield InputError(
                f"the row has {len(cells)} cells", expected=f"{len(header)}, as the header", where=Where(line=number)
            )
        else:
            yield Row(number, dict(zip(header, cells, strict=True)))


def _header(first: Line) -> list[str]:
    text, where = _decode(first), Where(line=first.number)
    if "\r" in text.rstrip("\r\n"):
        raise InputError("lines end with a carriage return alone", expected="lines that end with a line feed", where=where)
    header = [name.strip() for name in _cells(text, first.number) or []]
    if len(header) == 1 and (separator := next((sign for sign in ";\t|" if sign in header[0]), None)):
        raise InputError(f"cells are separated by {separator!r}", expected="commas", where=where)
    repeated = next((name for name in header if name and header.count(name) > 1), None)
    if repeated is not None:
        raise InputError(f"the column {repeated!r} stands twice", expected="each column once", where=where)
    return header


def _records(lines: Iterator[Line], width: int) -> Iterator[tuple[int, list[str] | InputError]]:
    """Yield the cells of each record; one whose quoted cell runs over lines is joined.

    A quote that was never meant to open a cell costs its first line alone: it closes nowhere, or where it would make another number of
    cells than the header has, or only by swallowing a line that is a whole row by itself.
    """
    held: deque[Line] = deque()  # lines that were read for a record and turned out not to belong to it
    while (line := _next(held, lines)) is not None:
        following: list[Line] = []
        try:
            yield line.number, _joined(line, following, held, lines, width)
        except InputError as error:
            held.extendleft(reversed(following))
            yield line.number, InputError(error.what, expected=error.expected, where=Where(line=line.number))


def _next(held: deque[Line], lines: Iterator[Line]) -> Line | None:
    return held.popleft() if held else next(lines, None)


def _joined(line: Line, following: list[Line], held: deque[Line], lines: Iterator[Line], width: int) -> list[str]:
    """Return the cells of the record that starts with a line; `following` is filled with the lines that were read for it."""
    record = _decode(line)
    while (cells := _cells(record, line.number)) is None:
        more = _next(held, lines) if len(following) < _MOST_LINES else None
        if more is None:
            raise InputError("a quote is opened and never closed", expected='"…" around a cell')
        following.append(more)
        text = _decode(more)
        if _width(text) == width:
            raise InputError("a quote is opened and not closed before the next row", expected='"…" around a cell')
        record += text
    if following and len(cells) != width:
        raise InputError("a quote is opened and closed in the wrong place", expected='"…" around a cell')
    return cells


def _width(text: str) -> int | None:
    """Return how many cells a line has by itself, or None where it is no row."""
    try:
        cells = _cells(text, 0)
    except InputError:
        return None
    return None if cells is None else len(cells)


def _cells(record: str, number: int) -> list[str] | None:
    """Return the cells of one record, or None where a quoted cell is still open at its end."""
    try:
        return next(csv.reader([record], strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        what = "a carriage return stands alone" if "new-line character" in str(error) else f"the row is no CSV: {error}"
        raise InputError(what, expected="cells separated by commas", where=Where(line=number)) from None


def _json_rows(first: Line, lines: Iterator[Line]) -> Iterator[Row | InputError]:
    if first.text is not None and first.text.lstrip().startswith(b"["):
        raise InputError("the file is a JSON array", expected="one JSON object a line", where=Where(line=first.number))
    held = first
    while True:
        try:
            text = _decode(held)
            if text.strip():
                yield _json_row(text, held.number)
        except InputError as error:
            yield error
        following = next(lines, None)
        if following is None:
            return
        held = following


def _json_row(text: str, number: int) -> Row:
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(
            f"the line is no JSON: {error.msg}", expected="one JSON object a line", where=Where(line=number)
        ) from None
    if not isinstance(record, dict):
        raise InputError("the line is no JSON object", expected='for example {"vin": "…", "make": "…"}', where=Where(line=number))
    cells: dict[str, str] = {}
    for name, value in cast("dict[str, object]", record).items():
        if isinstance(value, (dict, list)):
            raise InputError(f"{name} is not a single value", expected="text or a number", where=Where(line=number, field=name))
        cells[name] = "" if value is None else str(value)
    return Row(number, cells)
