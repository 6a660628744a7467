"""Measurements are kept in a file of JSON lines that only grows; the last one of each claim is what is shown."""

import os
import platform
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from vehiclenest import __version__
from vehiclenest.contest.claims.model import Claim, Finding, Measurement
from vehiclenest.core.errors import InputError, Where
from vehiclenest.core.time import format_time


def keep(path: Path, findings: Iterable[tuple[Claim, Finding]], now: datetime) -> list[Measurement]:
    """Append findings with time, machine and version; raise `InputError` where the file cannot be written."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    made = [
        Measurement(claim=claim, finding=finding, time=format_time(now), machine=machine, version=__version__)
        for claim, finding in findings
    ]
    if not made:
        return made
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{measurement.model_dump_json()}\n" for measurement in made))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", expected="room to write", where=Where(str(path))) from None
    return made


def last_kept(path: Path) -> dict[str, Measurement]:
    """Return the last measurement of each claim; none where there is no file yet.

    Raises
    ------
    InputError
        Where a line is no measurement.
    """
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="measurements", where=Where(str(path))) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", expected="measurements as JSON lines", where=Where(str(path))) from None
    found: dict[str, Measurement] = {}
    for number, line in enumerate(lines, start=1):
        try:
            measurement = Measurement.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise InputError(f"is no measurement: {first['msg']}", where=Where(str(path), number, field or None)) from None
        found[measurement.claim.id] = measurement
    return found
