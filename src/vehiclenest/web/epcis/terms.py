"""The index of what events name: type, business step, disposition, read point and location, read from events in the order of capture."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import orjson
from sqlalchemy import Connection, insert, select, update

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger import Book
from vehiclenest.ledger.database import insert_rows
from vehiclenest.ledger.entry import unpack
from vehiclenest.ledger.schema import event
from vehiclenest.web.database import Database
from vehiclenest.web.epcis import words
from vehiclenest.web.epcis.tables import mark, term

TYPE, STEP, DISPOSITION, READ_POINT, LOCATION = range(5)
AT_ONCE = 2_000  # events read in one transaction
MOST_STEPS = 25  # transactions that somebody who asks waits for
_NAME = "terms"


def of(body: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield kind and value of what an event names."""
    yield TYPE, words.word(str(body["type"]))
    for kind, name in ((STEP, "bizStep"), (DISPOSITION, "disposition")):
        if isinstance(value := body.get(name), str):
            yield kind, words.word(value)
    for kind, name in ((READ_POINT, "readPoint"), (LOCATION, "bizLocation")):
        if isinstance(place := body.get(name), dict):
            yield kind, words.uri(str(cast("dict[str, Any]", place).get("id", "")))


def behind(connection: Connection) -> bool:
    """Return whether the ledger holds events that the index does not know."""
    return Book(connection).last() > _last(connection)


def catch_up(connection: Connection) -> int:
    """Read the next events, at most `AT_ONCE`; return how many were read."""
    last = _last(connection)
    query = select(event.c.seq, event.c.body).where(event.c.seq > last).order_by(event.c.seq).limit(AT_ONCE)
    rows = connection.execute(query).all()
    if not rows:
        return 0
    found = [
        (kind, value, seq)
        for seq, body in rows
        for kind, value in of(orjson.loads(unpack(body)))
        if 0 < len(value) <= words.LONGEST
    ]
    insert_rows(connection, term, found)
    if last or connection.execute(select(mark.c.seq).where(mark.c.name == _NAME)).first():
        connection.execute(update(mark).where(mark.c.name == _NAME).values(seq=rows[-1].seq))
    else:
        connection.execute(insert(mark).values(name=_NAME, seq=rows[-1].seq))
    return len(rows)


def bring_up_to_date(database: Database) -> None:
    """Read all events that the index does not know.

    Raises
    ------
    ConflictError
        Where more wait than somebody who asks can wait for; the background reads on.
    """
    for _ in range(MOST_STEPS):
        with database.reading() as connection:
            if not behind(connection):
                return
        with database.writing() as connection:
            catch_up(connection)
    with database.reading() as connection:
        if behind(connection):
            raise ConflictError("the index of events is still being read", expected="try again in a minute")


def _last(connection: Connection) -> int:
    return connection.execute(select(mark.c.seq).where(mark.c.name == _NAME)).scalar() or 0
