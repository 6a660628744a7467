"""A copy of the whole base while it is at work: ledger, yard, users, audit log in one SQLite file."""

import sqlite3
from pathlib import Path

from vehiclenest.core.errors import ConflictError
from vehiclenest.web.database import Database

_PAGES_AT_ONCE = 4000  # between these others may write


def copy(database: Database, target: Path) -> None:
    """Copy the database to a file, as it is at one moment.

    Raises
    ------
    ConflictError
        Where the database is no SQLite file: PostgreSQL has its own tools.
    """
    file = database.engine.url.database
    if database.engine.dialect.name != "sqlite" or file is None:
        raise ConflictError("only a base on SQLite is copied from here", expected="pg_dump for PostgreSQL")
    source, copied = sqlite3.connect(f"file:{file}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        source.backup(copied, pages=_PAGES_AT_ONCE)
    finally:
        copied.close()
        source.close()
