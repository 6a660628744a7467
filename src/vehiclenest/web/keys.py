"""Secrets that all workers share and that survive a restart; made at first use."""

import secrets

from sqlalchemy import insert, select

from vehiclenest.web import tables
from vehiclenest.web.database import Database

_BYTES = 32


def kept_secret(database: Database, name: str) -> bytes:
    """Return the secret of a name."""
    query = select(tables.secret.c.value).where(tables.secret.c.name == name)
    with database.reading() as connection:
        found = connection.execute(query).scalar()
    if found is not None:
        return found
    with database.writing() as connection:
        found = connection.execute(query).scalar()  # another worker may have been quicker
        if found is None:
            found = secrets.token_bytes(_BYTES)
            connection.execute(insert(tables.secret).values(name=name, value=found))
        return found
