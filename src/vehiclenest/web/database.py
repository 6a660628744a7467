"""The one database behind pages and ledger: opened, brought to the newest schema, read and written.

Reading takes a snapshot and never waits. Writing is the ledger's own transaction (`ledger.database.writing`): one writer at a time, what
an action does to the ledger, to the yard and to the audit log is kept together or not at all.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from vehiclenest.ledger import Ledger
from vehiclenest.ledger.database import upgrade, version_of, writing
from vehiclenest.ledger.entry import microseconds

HEAD = "0002"  # newest migration; a test holds it against the folder


def now() -> int:
    """Return the time in microseconds since 1970-01-01 UTC."""
    return microseconds(datetime.now(UTC))


class Database:
    """Ledger and application's tables in one database. Close it at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = Ledger(url)
        self.engine = self.ledger.engine
        if version_of(self.engine, "web_version") != HEAD:
            upgrade(self.engine, Path(__file__).with_name("migrations"))

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Give a connection to read."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Give a connection to write, to nobody else meanwhile; all of it is kept at the end, or after an error none."""
        with writing(self.engine) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self.ledger.close()
