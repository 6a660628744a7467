"""Entries and scores as they come in: rows of CSV files, checked one by one."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vehiclenest.contest.config import Identifier, Name
from vehiclenest.contest.model import Entry
from vehiclenest.core.errors import InputError, Where

_ENTRY_COLUMNS = ("id", "name", "group", "organisation", "province")
_SCORE_COLUMNS = ("entry", "judge")


class _EntryRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    name: Name
    group: str
    organisation: Name
    province: Name
    name_zh: str = ""
    details: dict[str, str] = Field(default_factory=dict[str, str])


def as_entry(data: Mapping[str, Any]) -> Entry:
    """Check an entry that is a plain object; raise `InputError` that says which field is wrong."""
    try:
        row = _EntryRow.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{field} {str(first['input'])[:40]!r}: {first['msg']}", where=Where(field=field)) from None
    return Entry(row.id, row.name, row.group, row.organisation, row.province, row.name_zh, row.details)


def read_entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, entry as a plain object) of a CSV; columns beyond the known ones become details.

    Raises
    ------
    InputError
        Where the file cannot be read or a column is missing. What a row holds is checked when it is registered.
    """
    for line, row in _rows(path, _ENTRY_COLUMNS):
        known = {name: row.pop(name) for name in (*_ENTRY_COLUMNS, "name_zh") if name in row}
        yield line, {**known, "details": {name: value for name, value in row.items() if value}}


def read_scores(path: Path) -> Iterator[tuple[int, dict[str, str], dict[str, str]]]:
    """Yield (line, entry, judge, reason and at where given, marks by criterion) of a CSV; an empty mark is a missing one.

    Raises
    ------
    InputError
        Where the file cannot be read or a column is missing.
    """
    for line, row in _rows(path, _SCORE_COLUMNS):
        about = {name: row.pop(name) for name in (*_SCORE_COLUMNS, "reason", "at") if name in row}
        yield line, about, {name: value for name, value in row.items() if value}


def read_plan(path: Path) -> dict[str, list[str]]:
    """Read a judging plan of one's own: a row for each entry and judge."""
    plan: dict[str, list[str]] = {}
    for _, row in _rows(path, _SCORE_COLUMNS):
        plan.setdefault(row["entry"], []).append(row["judge"])
    return plan


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a CSV file", where=Where(str(path))) from None
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 at byte {error.start}", expected="CSV in UTF-8", where=Where(str(path))) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, list[str]())]
        if missing := [name for name in needed if name not in header]:
            raise InputError(
                f"there is no column {', '.join(missing)}", expected=f"columns {', '.join(needed)}", where=Where(str(path), 1)
            )
        if len(set(header)) != len(header):
            raise InputError("a column is there twice", expected="each column once", where=Where(str(path), 1))
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                names = header + [f"cell {number}" for number in range(len(header) + 1, len(cells) + 1)]
                padded = cells + [""] * (len(names) - len(cells))
                yield line, dict(zip(names, (cell.strip() for cell in padded), strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"is no CSV: {error}", expected="comma-separated values", where=Where(str(path), reader.line_num)
        ) from None
