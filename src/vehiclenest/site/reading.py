"""Files of vehicles → vehicles, and for every row that gives none the line, the field and the reason."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from vehiclenest.core.errors import InputError, Where
from vehiclenest.ledger import Book
from vehiclenest.loop.intake import Declare, dialect, dialect_of_record, receive
from vehiclenest.site.day import Incoming, Progress
from vehiclenest.site.rows import Row, is_json, read_rows
from vehiclenest.site.settings import Settings


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row, or a whole file, that was not taken."""

    file: str
    line: int | None
    field: str
    reason: str


@dataclass(slots=True)
class Reading:
    """Outcome of reading: every row counted in `rows` is among `incoming` or `rejected`; a refused file is in `rejected` alone."""

    rows: int = 0
    incoming: list[Incoming] = field(default_factory=list[Incoming])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    estimated_kg: float = 0.0

    def release(self) -> Iterator[Incoming]:
        """Hand the vehicles on, one by one, and let go of them; what of their mass is estimated is kept in `estimated_kg`."""
        self.incoming.reverse()
        while self.incoming:
            item = self.incoming.pop()
            if item.vehicle.mass_basis == "estimated":
                self.estimated_kg += item.vehicle.mass_kg
            yield item

    def reject(self, file: str, line: int | None, error: InputError) -> None:
        """Note a row, or a file where there is no line, with the reason."""
        self.rejected.append(Rejected(file, line, error.where.field or "", error.reason))


def read_files(files: Sequence[Path], settings: Settings, now: datetime, progress: Progress) -> Reading:
    """Read the vehicles of files; what is wrong with a row or a file is noted, and the rest goes on."""
    reading = Reading()
    seen: dict[str, str] = {}
    for path in files:
        name = os.fsencode(path.name).decode("utf-8", "replace")
        try:
            _read_file(path, name, reading, seen, settings, now, progress)
        except InputError as error:
            reading.reject(name, error.where.line, error)
    return reading


def _read_file(
    path: Path, name: str, reading: Reading, seen: dict[str, str], settings: Settings, now: datetime, progress: Progress
) -> None:
    choose = dialect_of_record if is_json(path) else dialect
    declare: Declare | None = None
    rows_before, rejected_before = reading.rows, len(reading.rejected)
    for row in read_rows(path):
        if isinstance(row, InputError):
            reading.rows += 1
            reading.reject(name, row.where.line, row)
            continue
        if declare is None or choose is dialect_of_record:
            try:
                declare = choose(row.cells)
            except InputError:
                reading.rows = rows_before
                del reading.rejected[rejected_before:]  # the file is refused whole, and once
                raise
        reading.rows += 1
        try:
            reading.incoming.append(_receive(row, name, declare, seen, settings, now))
        except InputError as error:
            reading.reject(name, row.line, error)
        progress("rows", reading.rows, 0)
    if reading.rows == rows_before:
        raise InputError("the file has a header and no rows", expected="one row a vehicle")


def _receive(row: Row, name: str, declare: Declare, seen: dict[str, str], settings: Settings, now: datetime) -> Incoming:
    declared = declare(row.cells, now, settings.folder)
    reference = declared.reference
    if reference in seen:
        raise InputError(
            f"{reference.removeprefix('LOT')} stands in {seen[reference]} already",
            expected="each vehicle once",
            where=Where(field="vin" if declared.vin else "lotId"),
        )
    vehicle = receive(declared, settings.folder)
    seen[reference] = f"{name} line {row.line}"
    return Incoming(vehicle, name, row.line)


def drop_known(reading: Reading, book: Book, settings: Settings) -> None:
    """Move vehicles that the ledger holds already from `incoming` to `rejected`."""
    known = book.known_lots([settings.thing(item.vehicle.reference) for item in reading.incoming])
    fresh: list[Incoming] = []
    for item in reading.incoming:
        vehicle = item.vehicle
        when = known.get(settings.thing(vehicle.reference))
        if when is None:
            fresh.append(item)
            continue
        error = InputError(
            f"{vehicle.reference.removeprefix('LOT')} is in the ledger already, received {when:%Y-%m-%d %H:%M} UTC",
            expected="each vehicle once",
            where=Where(field="vin" if vehicle.vin else "lotId"),
        )
        reading.reject(item.file, item.line, error)
    reading.incoming = fresh
