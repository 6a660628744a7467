"""A copy of the whole base while it is at work, as one zip: database, seals, evidence, changed figures, and what each file's hash is.

Seals are copied first, then the database as it is at one moment, then the rest: a copied seal covers only events that are in the copy,
and evidence is only ever added, so that what the database names is there. Private keys are in no copy.
"""

import hashlib
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from vehiclenest import __version__
from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger.seal import name_of, seals_folder
from vehiclenest.site.versions import versions_folder
from vehiclenest.web import evidence
from vehiclenest.web.database import Database
from vehiclenest.web.sealing import published_files

MANIFEST, BASE = "manifest.json", "base.db"
SEALS, EVIDENCE, SETTINGS = "seals", "evidence", "settings"
_PAGES_AT_ONCE = 4000  # between these others may write
_PIECE = 1 << 20


class Kept(BaseModel):
    """A file of a copy."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: Annotated[str, Field(max_length=300)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a copy holds: of which base, made when by which version, and every file of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal["vehicle-nest-backup"] = "vehicle-nest-backup"
    version: Literal[1] = 1
    product: str
    made: datetime
    base: str
    files: tuple[Kept, ...]


def file_of(database: Database) -> Path:
    """Return the file of a base.

    Raises
    ------
    ConflictError
        Where the database is no SQLite file: PostgreSQL has its own tools.
    """
    file = database.engine.url.database
    if database.engine.dialect.name != "sqlite" or file is None:
        raise ConflictError("only a base on SQLite is copied from here", expected="pg_dump for PostgreSQL")
    return Path(file)


def copy(database: Database, target: Path) -> Manifest:
    """Copy the base to a zip and return what is in it; raises as `file_of` does."""
    file = file_of(database)
    kept: list[Kept] = []
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".vnest-copy-") as folder,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
    ):
        kept.extend(_packed(packed, path, f"{SEALS}/{path.name}") for path in published_files(seals_folder(database.ledger)))
        copied = Path(folder) / BASE
        _copy_database(file, copied)
        kept.append(_packed(packed, copied, BASE))
        kept.extend(_packed(packed, path, name) for path, name in _beside(database))
        manifest = Manifest(product=__version__, made=datetime.now(UTC), base=name_of(database.ledger), files=tuple(kept))
        packed.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _copy_database(file: Path, target: Path) -> None:
    source, copied = sqlite3.connect(f"file:{file}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        source.backup(copied, pages=_PAGES_AT_ONCE)
    finally:
        copied.close()
        source.close()


def _beside(database: Database) -> Iterator[tuple[Path, str]]:
    """Yield evidence and changed figures with their names in a copy."""
    ledger = database.ledger
    for folder, name, pattern in (
        (evidence.folder_of(ledger), EVIDENCE, "[0-9a-f][0-9a-f]/*"),
        (versions_folder(ledger), SETTINGS, "[0-9]*/*.toml"),
    ):
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                yield path, f"{name}/{path.relative_to(folder).as_posix()}"


def _packed(packed: zipfile.ZipFile, path: Path, name: str) -> Kept:
    """Add a file to a zip, in pieces, and return its hash."""
    hashed, size = hashlib.sha256(), 0
    with path.open("rb") as source, packed.open(zipfile.ZipInfo.from_file(path, name), "w", force_zip64=True) as target:
        while piece := source.read(_PIECE):
            hashed.update(piece)
            size += len(piece)
            target.write(piece)
    return Kept(path=name, bytes=size, sha256=hashed.hexdigest())
