"""Pulse tests from CSV files, in chunks: memory does not grow with the file.

Needed columns: Mat, ID, Qn, U1 … U21; SOC where it is known; SOH to learn. Other names by a mapping file (TOML: ``Mat = "chemistry"``).
Columns with measured labels (Q, SOE, Pt …) are never read in grading.
"""

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.battery.model import Array
from vehiclenest.loop.battery.pulse import VOLTAGES

CHUNK = 5000
_LONGEST_CELL = 100_000
_IDENTITY = ("Mat", "ID", "Qn")
_MILLIVOLT = 100.0  # no cell has as many volts
_CELL_VOLTS = (0.5, 6.0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file: their lines, text of each wanted column, voltages (rows, 21) with NaN where refused, and the reasons."""

    file: str
    lines: list[int]
    text: dict[str, list[str]]
    voltages: Array
    numbers: dict[str, Array]
    reasons: list[str]

    def __len__(self) -> int:
        return len(self.lines)


def read_mapping(path: Path | None) -> dict[str, str]:
    """Return our column names by the file's own ones, both as in the mapping file; empty without one."""
    if path is None:
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"cannot be read: {error}", expected='TOML lines such as Mat = "chemistry"', where=Where(str(path))
        ) from None
    for name, own in found.items():
        if not isinstance(own, str):
            raise InputError(f"{name} is {own!r}", expected="the name of a column in quotes", where=Where(str(path), field=name))
    return {str(name): str(own) for name, own in found.items()}


def read_chunks(
    path: Path, mapping: Mapping[str, str], needed: Sequence[str], optional: Sequence[str] = (), size: int = CHUNK
) -> Iterator[Chunk]:
    """Yield the rows of a file in chunks.

    Parameters
    ----------
    needed, optional
        Columns of numbers beside the voltages, by our names; NaN where an optional one is missing or a cell is empty.

    Raises
    ------
    InputError
        Where the file as a whole is not what it has to be: unreadable, empty, no CSV in UTF-8, a column missing.
    """
    csv.field_size_limit(_LONGEST_CELL)
    where = Where(str(path))
    try:
        if path.exists() and not path.is_file():
            raise InputError("is no regular file", expected="a CSV file", where=where)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, None)
            if not header:
                raise InputError("the file is empty", expected="a header line and one row a test", where=where)
            columns = _columns([name.strip() for name in header], mapping, needed, optional, path)
            yield from _chunks(reader, columns, len(header), str(path), size)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a CSV file", where=where) from None
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 at byte {error.start}", expected="a CSV file in UTF-8", where=where) from None
    except csv.Error as error:
        raise InputError(f"is no CSV: {error}", expected="cells separated by commas", where=where) from None


def _columns(
    header: list[str], mapping: Mapping[str, str], needed: Sequence[str], optional: Sequence[str], path: Path
) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in (*_IDENTITY, *VOLTAGES, *needed, *optional):
        own = mapping.get(name, name)
        if header.count(own) > 1:
            raise InputError(f"the column {own!r} stands twice", expected="each column once", where=Where(str(path), 1, own))
        if own in header:
            found[name] = header.index(own)
        elif name not in optional:
            raise InputError(
                f"the column {own!r} is missing",
                expected=f"columns {', '.join((*_IDENTITY, *needed))} and U1 to U21, or a mapping file that names them",
                where=Where(str(path), 1, own),
            )
    return found


def _chunks(reader: Iterator[list[str]], columns: dict[str, int], width: int, file: str, size: int) -> Iterator[Chunk]:
    rows: list[list[str]] = []
    lines: list[int] = []
    blank = [""] * width
    wrong: dict[int, str] = {}
    for row in reader:
        if not row:
            continue
        lines.append(reader.line_num)  # type: ignore[attr-defined]  # of csv.reader
        if len(row) != width:
            wrong[len(rows)] = f"the row has {len(row)} cells; {width}, as the header"
        rows.append(row if len(row) == width else blank)
        if len(rows) == size:
            yield _chunk(rows, lines, columns, file, wrong)
            rows, lines, wrong = [], [], {}
    if rows:
        yield _chunk(rows, lines, columns, file, wrong)


def _chunk(rows: list[list[str]], lines: list[int], columns: dict[str, int], file: str, wrong: dict[int, str]) -> Chunk:
    pick = itemgetter(*(columns[name] for name in VOLTAGES))
    reasons = [""] * len(rows)
    voltages = np.full((len(rows), len(VOLTAGES)), np.nan)
    try:
        voltages[:] = [list(map(float, pick(row))) for row in rows]
    except ValueError:
        for number, row in enumerate(rows):
            try:
                voltages[number] = list(map(float, pick(row)))
            except ValueError:
                reasons[number] = wrong.get(number) or _not_a_number(pick(row))
    _implausible(voltages, reasons)
    numbers = {
        name: _numbers([row[position] for row in rows])
        for name, position in columns.items()
        if name not in VOLTAGES and name not in {"Mat", "ID"}
    }
    text = {name: [row[columns[name]].strip() for row in rows] for name in (*_IDENTITY, *(("SOC",) if "SOC" in columns else ()))}
    return Chunk(file, lines, text, voltages, numbers, reasons)


def _not_a_number(cells: Sequence[str]) -> str:
    for name, cell in zip(VOLTAGES, cells, strict=True):
        try:
            float(cell)
        except ValueError:
            return f"{name} is {cell[:40]!r}; volts"
    return "a voltage is no number"


def _implausible(voltages: Array, reasons: list[str]) -> None:
    """Refuse, in place, rows whose voltages are none of one cell."""
    low, high = _CELL_VOLTS
    with np.errstate(invalid="ignore"):
        bad = ~((voltages >= low) & (voltages <= high))
    for number in np.flatnonzero(bad.any(axis=1)):
        if not reasons[number]:
            column = int(np.flatnonzero(bad[number])[0])
            value = voltages[number, column]
            millivolts = np.isfinite(value) and abs(value) >= _MILLIVOLT
            what = f"{VOLTAGES[column]} is {value:g}"
            reasons[number] = f"{what}: millivolts? volts of one cell" if millivolts else f"{what}; {low:g} to {high:g} V"
        voltages[number] = np.nan


def _numbers(cells: list[str]) -> Array:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array([_number(cell) for cell in cells])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
