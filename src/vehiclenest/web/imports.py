"""A lot list or manifest that somebody sent: kept as a file, read for a preview, booked in the background a hundred vehicles a step."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert, select

from vehiclenest.core.errors import NotFoundError
from vehiclenest.ledger import Book
from vehiclenest.ledger.entry import moment
from vehiclenest.site import Settings
from vehiclenest.site.reading import Reading, drop_known, read_files
from vehiclenest.site.yard import take_in
from vehiclenest.web import tables, yard
from vehiclenest.web.database import now
from vehiclenest.web.jobs import Running
from vehiclenest.web.policy import Principal, visible_files

_AT_ONCE = 100
_LONGEST_NAME = 120
_ENDINGS = {".jsonl", ".ndjson", ".json"}


def keep(connection: Connection, name: str, content: bytes, user_id: int | None) -> int:
    """Keep a file and return its number."""
    values = {"name": name[-_LONGEST_NAME:] or "list.csv", "content": content, "user_id": user_id, "created": now()}
    key = connection.execute(insert(tables.file).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101  # for the type checker
    return int(key[0])


def kept(connection: Connection, principal: Principal, file_id: int) -> Any:
    """Return a file's row; raise `NotFoundError` where there is none that this person may see."""
    query = select(tables.file).where(tables.file.c.id == file_id, visible_files(principal))
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError(f"there is no file {file_id}")
    return row


def read(row: Any, settings: Settings) -> Reading:
    """Read the vehicles of a kept file; a row that says no time was received when the file came, whenever it is read."""
    ending = Path(row.name).suffix.lower()
    with TemporaryDirectory(prefix="vnest-") as folder:
        path = Path(folder) / f"list{ending if ending in _ENDINGS else '.csv'}"
        path.write_bytes(row.content)
        return read_files([path], settings, moment(row.created), _silent)


def without_known(reading: Reading, connection: Connection, settings: Settings) -> Reading:
    """Move vehicles that are in the ledger already to the rejected ones."""
    drop_known(reading, Book(connection), settings)
    return reading


def book(running: Running) -> None:
    """Book the vehicles of a file (the job kind `import`). The cursor counts vehicles: what was booked before a restart is passed over."""
    with running.database.reading() as connection:
        row = connection.execute(select(tables.file).where(tables.file.c.id == running.parameters["file"])).first()
    if row is None:
        raise NotFoundError("the file is gone")
    more = True
    while more:
        with running.step() as step:
            more = yard.catch_up(step.connection, running.settings) > 0
    reading = read(row, running.settings)
    vehicles = reading.incoming
    while True:
        with running.step() as step:
            start = int(step.cursor.get("next", 0))
            chunk = vehicles[start : start + _AT_ONCE]
            yard.catch_up_wholly(step.connection, running.settings)
            known = Book(step.connection).known_lots([running.settings.thing(item.vehicle.reference) for item in chunk])
            fresh = [item for item in chunk if running.settings.thing(item.vehicle.reference) not in known]
            for item in fresh:
                take_in(Book(step.connection), [item.vehicle], f"{row.name} line {item.line}", running.settings)
            yard.catch_up_wholly(step.connection, running.settings)
            for item in fresh:
                yard.keep_record(step.connection, item.vehicle)
            booked = int(step.cursor.get("booked", 0)) + len(fresh)
            step.cursor |= {"next": start + len(chunk), "booked": booked, "rejected": len(reading.rejected)}
            step.done, step.total = start + len(chunk), len(vehicles)
            step.message = f"{booked} vehicles booked, {len(reading.rejected)} rows rejected, {step.done - booked} known already"
        if step.done >= len(vehicles):
            return


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Say nothing: a file of the largest size is read in seconds."""
