"""Photos, documents and reports about a thing: the file beside the base under its hash, a row for it, an event in the ledger.

A file is written before the row that names it and under its own hash: a process that was killed between both leaves a file that nobody
names, never a row without a file, and the same file sent again is the same file.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError, Where
from vehiclenest.ledger import Book, Ledger
from vehiclenest.ledger import schema as ledger_schema
from vehiclenest.ledger.seal import seals_folder
from vehiclenest.ledger.trace import EventRecord
from vehiclenest.site import Settings
from vehiclenest.site.evidence import attached, hashes_in
from vehiclenest.web import pictures, tables, yard
from vehiclenest.web.database import Database, now
from vehiclenest.web.policy import Permission, Principal, visible_evidence, visible_parts

_LONGEST_NAME, _LONGEST_NOTE = 120, 200
_NO_FILES = frozenset({"battery_grading"})  # its hash is that of what a model learnt from
ROWS = 50


@dataclass(frozen=True, slots=True)
class Thing:
    """What evidence is attached to: a vehicle or a part."""

    reference: str
    lot: str
    path: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A hash that an event carries; `row` is the file, None where it is not here."""

    sha256: str
    kind: str
    row: Any


def folder_of(ledger: Ledger) -> Path:
    """Return the folder of evidence: beside a SQLite file, or in the working directory."""
    return seals_folder(ledger).with_suffix(".evidence")


def file_of(ledger: Ledger, sha256: str) -> Path:
    """Return where the file of a hash lies."""
    return folder_of(ledger) / sha256[:2] / sha256


def keep_file(ledger: Ledger, content: bytes) -> str:
    """Write a file under its hash, whole or not at all, and return the hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = file_of(ledger, sha256)
    if target.is_file() and target.stat().st_size == len(content):
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sha256


def read_file(ledger: Ledger, sha256: str) -> bytes:
    """Return the file of a hash.

    Raises
    ------
    NotFoundError, ConflictError
        Where it is gone, or is not what it was when it was sent.
    """
    try:
        content = file_of(ledger, sha256).read_bytes()
    except OSError:
        raise NotFoundError("the file is gone", expected=f"a file in {folder_of(ledger).name} beside the base") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ConflictError("the file is not the one that was sent: its hash differs", expected="the copy of a backup")
    return content


def thing(connection: Connection, principal: Principal, reference: str) -> Thing:
    """Return a vehicle or part that somebody sees, by its reference; raise `NotFoundError` where there is none."""
    part, vehicle = tables.part, tables.vehicle
    query = select(part.c.reference, part.c.lot).where(part.c.reference == reference, visible_parts(principal))
    if row := connection.execute(query).first():
        return Thing(row.reference, row.lot, f"/parts/{row.reference}")
    query = select(vehicle.c.reference, vehicle.c.lot).where(vehicle.c.reference == reference)
    row = connection.execute(query).first() if principal.may(Permission.YARD_READ) else None
    if row is None:
        raise NotFoundError(f"there is no vehicle or part {reference[:64]}")
    return Thing(row.reference, row.lot, f"/yard/vehicles/{row.reference}")


def attach(
    database: Database, principal: Principal, settings: Settings, reference: str, name: str, content: bytes, note: str
) -> tuple[Thing, str, bool]:
    """Keep a file as evidence of a thing and book its hash; return the thing, the hash, and whether it is new.

    A hash that an event of the thing carries already, as that of an inspection's report does, is not booked again.

    Raises
    ------
    InputError, NotFoundError
        For a file that is none of the kinds that are kept, or no such thing.
    """
    if not content:
        raise InputError("the file is empty", expected="a picture, PDF or report", where=Where(field="file"))
    media_type = pictures.media_type_of(content)
    small = pictures.thumbnail(content, media_type)
    plain = "".join(sign if sign.isprintable() else " " for sign in Path(name.replace("\\", "/")).name)[-_LONGEST_NAME:] or "file"
    with database.reading() as connection:
        about = thing(connection, principal, reference)
    sha256 = keep_file(database.ledger, content)
    table = tables.evidence
    with database.writing() as connection:
        there = (table.c.lot == about.lot) & (table.c.sha256 == sha256)
        if connection.execute(select(table.c.id).where(there)).first():
            return about, sha256, False
        row = {
            "lot": about.lot,
            "reference": about.reference,
            "sha256": sha256,
            "name": plain,
            "media_type": media_type,
            "bytes": len(content),
            "thumbnail": small,
            "note": note[:_LONGEST_NOTE],
            "user_id": principal.user_id,
            "created": now(),
        }
        connection.execute(insert(table).values(row))
        if sha256 not in _booked_hashes(connection, about.lot):
            event = attached(about.lot, sha256, media_type, plain, yard.utc_now(), settings)
            Book(connection).capture([event])
    return about, sha256, True


def of_thing(connection: Connection, principal: Principal, lot: str) -> Sequence[Any]:
    """Return the evidence of a thing, newest first, as far as somebody sees it; the thumbnails are left out."""
    table = tables.evidence
    return connection.execute(_rows(principal).where(table.c.lot == lot).order_by(table.c.id.desc())).all()


def newest(connection: Connection, principal: Principal, word: str, before: int | None) -> Sequence[Any]:
    """Return a page of evidence, newest first, and one row more where there is another page."""
    table = tables.evidence
    query = _rows(principal).order_by(table.c.id.desc()).limit(ROWS + 1)
    if word:
        query = query.where((table.c.reference == word) | (table.c.sha256 == word.lower()))
    if before is not None:
        query = query.where(table.c.id < before)
    return connection.execute(query).all()


def one(connection: Connection, principal: Principal, key: int) -> Any:
    """Return a piece of evidence; raise `NotFoundError` where there is none that this person may see."""
    row = connection.execute(_rows(principal).where(tables.evidence.c.id == key)).first()
    if row is None:
        raise NotFoundError(f"there is no evidence {key}")
    return row


def small_picture(connection: Connection, principal: Principal, key: int) -> bytes:
    """Return the thumbnail of a piece of evidence; raise `NotFoundError` where it has none."""
    table = tables.evidence
    found = connection.execute(select(table.c.thumbnail).where(table.c.id == key, visible_evidence(principal))).scalar()
    if found is None:
        raise NotFoundError(f"there is no picture {key}")
    return found


def booked(connection: Connection, events: Iterable[EventRecord], rows: Iterable[Any]) -> dict[int, list[Booked]]:
    """Return, by the number of the event, the hashes that the events of a thing carry, each with its file where it is here."""
    here = {row.sha256: row for row in rows}
    flow = ledger_schema.information_flow
    numbers = [event.seq for event in events]
    query = select(flow.c.event_seq, flow.c.kind, flow.c.reference).where(flow.c.event_seq.in_(numbers))
    found: dict[int, list[Booked]] = {}
    for seq, kind, reference in connection.execute(query):
        for sha256 in () if kind in _NO_FILES else hashes_in(reference):
            found.setdefault(seq, []).append(Booked(sha256, kind, here.get(sha256)))
    return found


def _booked_hashes(connection: Connection, lot: str) -> set[str]:
    mention, flow = ledger_schema.mention, ledger_schema.information_flow
    query = select(flow.c.reference).join(mention, mention.c.event_seq == flow.c.event_seq).where(mention.c.uri == lot)
    return {sha256 for reference in connection.execute(query).scalars() for sha256 in hashes_in(reference)}


def _rows(principal: Principal) -> Any:
    table, user = tables.evidence, tables.user
    columns = [column for column in table.c if column.name != "thumbnail"]
    query = select(*columns, table.c.thumbnail.is_not(None).label("pictured"), user.c.name.label("user_name"))
    return query.join_from(table, user, user.c.id == table.c.user_id).where(visible_evidence(principal))
