"""A copy brought back: checked and laid ready beside the base, put in its place when `vnest serve` starts next.

Until then the base goes on as it is, and what was laid ready can be given up. Putting it in place is a row of renames, the database
last; a start that was cut off is gone on with by the next one, before anything opens the base. The old base is kept aside whole.
"""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError
from sqlalchemy import delete, make_url, select

from vehiclenest.core.errors import ConflictError, InputError
from vehiclenest.ledger.database import HEAD as LEDGER_HEAD
from vehiclenest.web import audit, tables
from vehiclenest.web.backup import BASE, EVIDENCE, MANIFEST, SEALS, SETTINGS, Kept, Manifest, file_of
from vehiclenest.web.database import HEAD, Database
from vehiclenest.web.epcis.tables import HEAD as EPCIS_HEAD
from vehiclenest.web.policy import PUBLIC
from vehiclenest.web.sealing import SEAL_FILES

_NAMES = re.compile(
    rf"{re.escape(BASE)}|{SEALS}/(?:{SEAL_FILES.pattern})|{EVIDENCE}/[0-9a-f]{{2}}/[0-9a-f]{{64}}|{SETTINGS}/[0-9][0-9A-Za-z-]{{0,40}}/[a-z_]{{1,60}}\.toml"
)
_MOST_FILES = 1_000_000
_MOST_MANIFEST = 400_000_000  # bytes
_PIECE = 1 << 20
_SPARE = 1.1  # free space to what unpacks
_READY, _SUMMARY, _CONFIRMED = "ready", "summary.json", "confirmed.json"
_EXPECTED = "a copy that was downloaded from this page"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a base holds: counts, and when its last event was recorded (ISO 8601)."""

    events: int
    parts: int
    vehicles: int
    users: int
    last_event: str


@dataclass(frozen=True, slots=True)
class Ready:
    """What was laid ready: when it was copied, of which base, by which version, what is in it; whether its return was confirmed."""

    made: str
    base: str
    product: str
    files: int
    holds: Summary
    confirmed: bool


def folder_of(base: Path) -> Path:
    """Return the folder in which a copy is laid ready."""
    return base.with_suffix(".restore")


def lay_ready(database: Database, sent: IO[bytes]) -> Ready:
    """Check a copy and lay it ready beside the base; what was laid ready before is given up.

    Raises
    ------
    ConflictError
        Where the database is no SQLite file.
    InputError
        Where the file is no copy, a hash or the database is not right, it was made by a newer version, or the disk is too full.
    """
    base = file_of(database)
    folder = folder_of(base)
    give_up(database)
    folder.mkdir(mode=0o700, parents=True)
    try:
        manifest = _unpacked(sent, folder / _READY)
        holds = _checked(folder / _READY / BASE)
        (folder / _SUMMARY).write_text(
            json.dumps(
                {
                    "made": manifest.made.isoformat(timespec="seconds"),
                    "base": manifest.base,
                    "product": manifest.product,
                    "files": len(manifest.files),
                    "holds": asdict(holds),
                }
            ),
            encoding="utf-8",
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    found = ready(base)
    assert found is not None  # noqa: S101  # it was written just now
    return found


def ready(base: Path) -> Ready | None:
    """Return what is laid ready for a base; None where nothing is."""
    folder = folder_of(base)
    try:
        said = json.loads((folder / _SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    holds = Summary(**said.pop("holds"))
    return Ready(**said, holds=holds, confirmed=(folder / _CONFIRMED).is_file())


def confirm(database: Database, typed: str, who: str) -> Path:
    """Have what is laid ready put in place at the next start; return where the old base will be kept.

    Raises
    ------
    ConflictError
        Where nothing is laid ready.
    InputError
        Where the name that was typed is not the base's.
    """
    base = file_of(database)
    if ready(base) is None:
        raise ConflictError("no copy is laid ready", expected="send one first")
    if typed != base.name:
        raise InputError(f"{typed!r} is not the name of the base", expected=f"{base.name}, to show that you mean it")
    now = datetime.now(UTC)
    aside = base.with_suffix(f".before-{now:%Y%m%d-%H%M%S}")
    said = {"aside": aside.name, "who": who, "when": now.isoformat(timespec="seconds")}
    written = folder_of(base) / f".{_CONFIRMED}"
    written.write_text(json.dumps(said), encoding="utf-8")
    written.replace(folder_of(base) / _CONFIRMED)
    return aside


def give_up(database: Database) -> bool:
    """Remove what is laid ready; return whether anything was."""
    folder = folder_of(file_of(database))
    if not folder.exists():
        return False
    (folder / _CONFIRMED).unlink(missing_ok=True)
    shutil.rmtree(folder)
    return True


def put_in_place(url: str) -> str | None:
    """Put what was confirmed in the place of a base, or go on with it, before anything opens the base; return a sentence on it.

    Raises
    ------
    ConflictError
        Where another process has the base open: it would go on writing to the one that is moved away.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    base = Path(parsed.database)
    folder = folder_of(base)
    try:
        said: dict[str, str] = json.loads((folder / _CONFIRMED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    aside = base.parent / Path(said["aside"]).name
    aside.mkdir(mode=0o700, exist_ok=True)
    if (folder / _READY / BASE).exists():
        _alone(base)
        for ending in ("-wal", "-shm"):
            _renamed(base.with_name(base.name + ending), aside / f"{base.name}{ending}")
        for name in (SEALS, EVIDENCE, SETTINGS):
            _exchanged(folder / _READY / name, base.with_suffix(f".{name}"), aside)
        _exchanged(folder / _READY / BASE, base, aside)
    _settled(base.parent)
    _noted(url, said, aside)
    shutil.rmtree(folder)
    return f"the copy that {said['who']} confirmed is in place; the base before it is kept in {aside}"


def _alone(base: Path) -> None:
    """Fold a base's log into its file, which only succeeds where nobody else has it open."""
    if not base.exists():
        return
    with closing(sqlite3.connect(base, timeout=0)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "in use"
    if mode != "delete":
        raise ConflictError(
            f"a copy is to take the place of {base}, which another process has open",
            expected="stop that one first, then start again",
        )


def _settled(path: Path) -> None:
    """Have what was written or renamed on the disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchanged(fresh: Path, place: Path, aside: Path) -> None:
    """Move what is in a place aside and what is fresh there; where that was done already, nothing is left to do."""
    if fresh.exists():
        _renamed(place, aside / place.name)
        fresh.replace(place)


def _renamed(source: Path, target: Path) -> None:
    if source.exists():
        source.replace(target)


def _noted(url: str, said: dict[str, str], aside: Path) -> None:
    """Write to the new base's audit log, once, and end every session in it: whoever was logged in then logs in again."""
    database = Database(url)
    try:
        with database.writing() as connection:
            log = tables.audit.c
            known = connection.execute(select(log.id).where(log.action == "base restored", log.object == aside.name)).first()
            if known is None:
                connection.execute(delete(tables.session))
                audit.note(
                    connection, PUBLIC, audit.Origin(), "base restored", aside.name, {"by": said["who"], "when": said["when"]}
                )
    finally:
        database.close()


def _unpacked(sent: IO[bytes], target: Path) -> Manifest:
    """Unpack a copy, every file held against its size and hash while it is written."""
    try:
        with zipfile.ZipFile(sent) as packed:
            manifest = _manifest(packed)
            _check_names(packed, manifest.files)
            _check_space(target.parent, manifest.files)
            for name in (SEALS, EVIDENCE, SETTINGS):
                (target / name).mkdir(parents=True)
            for kept in manifest.files:
                _unpack(packed, kept, target / kept.path)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise InputError(f"the file cannot be unpacked: {error}", expected=_EXPECTED) from None
    return manifest


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    if MANIFEST not in packed.namelist():
        raise InputError(f"the file holds no {MANIFEST}", expected=_EXPECTED)
    if packed.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
        raise InputError(f"{MANIFEST} is larger than {_MOST_MANIFEST:,} bytes", expected=_EXPECTED)
    try:
        return Manifest.model_validate_json(packed.read(MANIFEST))
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(str(part) for part in fault["loc"][:3])
        raise InputError(f"{MANIFEST}, {field or 'whole'}: {fault['msg']}", expected=_EXPECTED) from None


def _check_names(packed: zipfile.ZipFile, files: Iterable[Kept]) -> None:
    """Refuse what a copy never holds: other names, a file twice, one that is missing or over."""
    listed = [kept.path for kept in files]
    if len(listed) > _MOST_FILES:
        raise InputError(f"the copy lists {len(listed):,} files", expected=f"no more than {_MOST_FILES:,}")
    if wrong := next((name for name in listed if not _NAMES.fullmatch(name)), None):
        raise InputError(f"{wrong[:100]!r} is no name of a file in a copy", expected=_EXPECTED)
    held = [name for name in packed.namelist() if name != MANIFEST]
    if len(set(listed)) != len(listed) or sorted(held) != sorted(listed):
        apart = sorted(set(listed) ^ set(held))
        raise InputError(
            f"{MANIFEST} and the files differ: {apart[0][:100] if apart else 'a file stands twice'}", expected=_EXPECTED
        )
    if BASE not in listed:
        raise InputError(f"the copy holds no {BASE}", expected=_EXPECTED)


def _check_space(folder: Path, files: Iterable[Kept]) -> None:
    needed = int(_SPARE * sum(kept.bytes for kept in files))
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"the copy unpacks to {needed:,} bytes and {free:,} are free", expected="room on the disk of the base")


def _unpack(packed: zipfile.ZipFile, kept: Kept, target: Path) -> None:
    """Write a file of a copy, no more of it than it is said to hold."""
    target.parent.mkdir(parents=True, exist_ok=True)
    hashed, left = hashlib.sha256(), kept.bytes
    with packed.open(kept.path) as source, target.open("xb") as written:
        while piece := source.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                break
            hashed.update(piece)
            written.write(piece)
        written.flush()
        os.fsync(written.fileno())
    if left != 0 or hashed.hexdigest() != kept.sha256:
        raise InputError(f"{kept.path} is not what {MANIFEST} says: it was changed or cut short", expected="another copy")


def _checked(file: Path) -> Summary:
    """Return what a database holds after a look at whether it is whole and of a version that this program knows."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise InputError(f"{BASE} is damaged: {said}", expected="another copy")
            for table, head in (("web_version", HEAD), ("alembic_version", LEDGER_HEAD), ("epcis_version", EPCIS_HEAD)):
                version = str(connection.execute(f"SELECT version_num FROM {table}").fetchone()[0])  # noqa: S608  # names of ours
                if version > head:
                    raise InputError(
                        f"the copy is of a newer version of the program (tables {version}, here {head})",
                        expected="the newer program",
                    )
            return summary_of(connection)
    except (sqlite3.DatabaseError, TypeError) as error:
        raise InputError(f"{BASE} cannot be read: {error}", expected="another copy") from None


def summary_of(connection: sqlite3.Connection) -> Summary:
    """Return what a base's file holds."""

    def value(query: str) -> Any:
        return connection.execute(query).fetchone()[0]

    last = value("SELECT max(record_time) FROM event")
    when = "" if last is None else datetime.fromtimestamp(last / 1e6, UTC).isoformat(timespec="seconds")
    return Summary(
        value("SELECT count(*) FROM event"),
        value("SELECT count(*) FROM yard_part"),
        value("SELECT count(*) FROM yard_vehicle"),
        value("SELECT count(*) FROM web_user"),
        when,
    )


def holds_now(database: Database) -> Summary:
    """Return what the base holds now; raises as `backup.file_of` does."""
    with closing(sqlite3.connect(f"file:{file_of(database)}?mode=ro", uri=True)) as connection:
        return summary_of(connection)
