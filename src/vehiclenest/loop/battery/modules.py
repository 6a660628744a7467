"""Graded modules from a CSV file: id, capacity_ah, resistance_mohm, ocv_v, self_discharge_percent_per_month."""

import csv
from pathlib import Path

import numpy as np

from vehiclenest.core.errors import InputError, Where
from vehiclenest.loop.battery.match import Modules

COLUMNS = ("id", "capacity_ah", "resistance_mohm", "ocv_v", "self_discharge_percent_per_month")
_LIMITS = {"capacity_ah": 10_000.0, "resistance_mohm": 100_000.0, "ocv_v": 1000.0, "self_discharge_percent_per_month": 100.0}


def read_modules(path: Path) -> tuple[Modules, list[InputError]]:
    """Return the modules of a file, and an error for each row that is none.

    Raises
    ------
    InputError
        Where the file as a whole cannot be read or a column is missing.
    """
    where = Where(str(path))
    rejected: list[InputError] = []
    names: dict[str, list[float]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            if missing := [name for name in COLUMNS if name not in header]:
                raise InputError(
                    f"the column {missing[0]!r} is missing", expected=f"columns {', '.join(COLUMNS)}", where=Where(str(path), 1)
                )
            for row in reader:
                try:
                    name, numbers = _module(row, names)
                    names[name] = numbers
                except InputError as error:
                    place = Where(str(path), reader.line_num, error.where.field)
                    rejected.append(InputError(error.what, expected=error.expected, where=place))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a CSV file", where=where) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no CSV in UTF-8: {error}", expected="a CSV file in UTF-8", where=where) from None
    values = np.array(list(names.values()), dtype=np.float64).reshape(-1, len(COLUMNS) - 1)
    return Modules(tuple(names), values[:, 0], values[:, 1], values[:, 2], values[:, 3]), rejected


def _module(row: dict[str, str | None], known: dict[str, list[float]]) -> tuple[str, list[float]]:
    name = (row["id"] or "").strip()
    if not name:
        raise InputError("id is empty", expected="the name of the module", where=Where(field="id"))
    if name in known:
        raise InputError(f"module {name!r} stands twice", expected="each module once", where=Where(field="id"))
    numbers: list[float] = []
    for column in COLUMNS[1:]:
        text = (row[column] or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        least = 0.0 if column.startswith("self") else 1e-9
        if not least <= value <= _LIMITS[column]:
            raise InputError(f"{column} is {text!r}", expected=f"a number up to {_LIMITS[column]:g}", where=Where(field=column))
        numbers.append(value)
    return name, numbers
