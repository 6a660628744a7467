"""Tables of the EPCIS interface: what events name, found by an index, and queries that have a name.

They have a migration chain of their own (`epcis_version`), so that neither the ledger's nor the application's depends on it. `term` and
`mark` follow from events: they can be emptied and are read again (`terms`).
"""

from pathlib import Path

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table

from vehiclenest.ledger.database import upgrade, version_of
from vehiclenest.web.database import Database

HEAD = "0001"  # newest migration; a test holds it against the folder

metadata = MetaData()

_Key = BigInteger().with_variant(Integer, "sqlite")

term = Table(
    "epcis_term",
    metadata,
    Column(
        "kind", SmallInteger, primary_key=True, autoincrement=False, comment="0 type 1 step 2 disposition 3 read point 4 location"
    ),
    Column("value", String(512), primary_key=True, comment="in the one form that `words` gives it"),
    Column("event_seq", _Key, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

mark = Table(
    "epcis_mark",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="the last event of the ledger whose terms are kept"),
)

query = Table(
    "epcis_query",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("definition", JSON, nullable=False, comment="the query as it was given"),
    Column("user_id", _Key, nullable=True, comment="who made it"),
    Column("created", BigInteger, nullable=False),
    Index("epcis_query_name", "name", unique=True),
)


def prepare(database: Database) -> None:
    """Bring the tables to the newest schema."""
    if version_of(database.engine, "epcis_version") != HEAD:
        upgrade(database.engine, Path(__file__).with_name("migrations"))
