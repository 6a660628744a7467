"""Identity is the CBV event hash; bodies are compressed; what stood twice stands once. Old events are captured anew."""

from datetime import UTC, datetime, timedelta

import orjson
import sqlalchemy as sa
from alembic import context, op

from vehiclenest.core.errors import ConflictError
from vehiclenest.ledger.booking import Booking, Dictionaries
from vehiclenest.ledger.entry import entry_of_document
from vehiclenest.ledger.epcis import OURS

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OLD = ("lot_flow", "money_flow", "material_flow", "lot", "information_flow", "energy_flow", "event")
_EVENTS_AT_ONCE = 2000


def upgrade() -> None:
    op.execute("CREATE TABLE event_0001 AS SELECT seq, record_time, body FROM event")
    for table in _OLD:
        op.drop_table(table)
    _create()
    _capture_anew()
    op.drop_table("event_0001")


def _capture_anew() -> None:
    """Take every event of the old table through the book of today, under the time at which it was captured."""
    connection = op.get_bind()
    texts = Dictionaries(connection)
    last = 0
    while rows := connection.execute(
        sa.text("SELECT seq, record_time, body FROM event_0001 WHERE seq > :last ORDER BY seq LIMIT :most"),
        {"last": last, "most": _EVENTS_AT_ONCE},
    ).all():
        booking = Booking(connection, texts)
        entries = [
            entry_of_document(orjson.loads(body), OURS, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time))
            for _, time, body in rows
        ]
        for _, error in booking.book(entries):
            raise error
        booking.write()
        last = rows[-1][0]


def _create() -> None:
    op.create_table(
        "context",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="JSON-LD context of a captured document, as JSON"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("body"),
    )
    op.create_table(
        "description",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "kind", "stream"),
    )
    op.create_index(op.f("ix_description_kind"), "description", ["kind"], unique=False)
    op.create_table(
        "outcome",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reason", "route"),
    )
    op.create_table(
        "prefix",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=256), nullable=False, comment="what many identifiers start with"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("text"),
    )
    op.create_table(
        "event",
        sa.Column("seq", _KEY, autoincrement=False, nullable=False, comment="order of capture, from 1, without gaps"),
        sa.Column(
            "identity", sa.LargeBinary(length=32), nullable=False, comment="CBV event hash; of a declaration with its content"
        ),
        sa.Column("event_id", sa.String(length=256), nullable=True, comment="eventID, where it is not the event hash"),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False, comment="microseconds since 1970-01-01 UTC"),
        sa.Column("record_time", sa.BigInteger(), nullable=False, comment="microseconds since 1970-01-01 UTC"),
        sa.Column("biz_step", sa.String(length=256), nullable=False),
        sa.Column("context_id", _KEY, nullable=True, comment="context, where it is not the ledger's own"),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="the event as JSON, as captured; long ones compressed (zlib)"
        ),
        sa.ForeignKeyConstraint(
            ["context_id"],
            ["context.id"],
        ),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("identity"),
    )
    op.create_index(op.f("ix_event_event_id"), "event", ["event_id"], unique=False)
    op.create_index(op.f("ix_event_event_time"), "event", ["event_time"], unique=False)
    op.create_index(op.f("ix_event_record_time"), "event", ["record_time"], unique=False)
    op.create_table(
        "information_flow",
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("information_flow_kind", "information_flow", ["kind", "event_seq"], unique=False)
    op.create_table(
        "lot",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False, comment="the event that describes it"),
        sa.Column("prefix_id", _KEY, nullable=False),
        sa.Column("reference", sa.String(length=256), nullable=False, comment="the rest of the identifier, as a person types it"),
        sa.Column("description_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["description_id"],
            ["description.id"],
        ),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.ForeignKeyConstraint(
            ["prefix_id"],
            ["prefix.id"],
        ),
        sa.PrimaryKeyConstraint("id", "event_seq"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_lot_description_id"), "lot", ["description_id"], unique=False)
    op.create_index("lot_reference", "lot", ["reference", "prefix_id"], unique=False)
    op.create_table(
        "lot_flow",
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lot_id", _KEY, nullable=True),
        sa.Column(
            "flow", sa.SmallInteger(), nullable=False, comment="0 received 1 consumed 2 produced 3 shipped 4 lost 5 unaccounted"
        ),
        sa.Column("mass_kg", sa.Float(precision=53), nullable=False),
        sa.Column("outcome_id", _KEY, nullable=True),
        sa.Column("value_e4", sa.BigInteger(), nullable=True, comment="net value in ten-thousandths of the currency"),
        sa.Column("carbon_kg", sa.Float(precision=53), nullable=True),
        sa.Column(
            "through_kg",
            sa.Float(precision=53),
            nullable=True,
            comment="of a lot that may be added to: all that came into it so far",
        ),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.ForeignKeyConstraint(
            ["outcome_id"],
            ["outcome.id"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("lot_flow_lot", "lot_flow", ["lot_id", "flow", "event_seq"], unique=False)
    op.create_table(
        "mention",
        sa.Column(
            "uri", sa.String(length=512), nullable=False, comment="an identifier that an event names outside its material flows"
        ),
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False),
        sa.Column(
            "role", sa.SmallInteger(), nullable=False, comment="0 thing 1 parent 2 child 3 input 4 output 5 transformation"
        ),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("uri", "event_seq", "role"),
        sqlite_with_rowid=False,
    )
    op.create_index("mention_event", "mention", ["event_seq"], unique=False)
    op.create_table(
        "mixture",
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("material", sa.String(length=64), nullable=False),
        sa.Column(
            "mass_kg",
            sa.Float(precision=53),
            nullable=False,
            comment="of a lot that may be added to: its content has to be known to be used",
        ),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position", "material"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "withdrawal",
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False, comment="the event in error"),
        sa.Column("by_seq", _KEY, nullable=False, comment="the error declaration"),
        sa.ForeignKeyConstraint(
            ["by_seq"],
            ["event.seq"],
        ),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq"),
    )


def downgrade() -> None:
    if op.get_bind().execute(sa.text("SELECT COUNT(*) FROM event")).scalar():
        raise ConflictError("the older tables cannot hold these events", expected="vnest export, then an empty ledger")
    op.drop_table("withdrawal")
    op.drop_table("mixture")
    op.drop_index("mention_event", table_name="mention")
    op.drop_table("mention")
    op.drop_index("lot_flow_lot", table_name="lot_flow")
    op.drop_table("lot_flow")
    op.drop_index("lot_reference", table_name="lot")
    op.drop_index(op.f("ix_lot_description_id"), table_name="lot")
    op.drop_table("lot")
    op.drop_index("information_flow_kind", table_name="information_flow")
    op.drop_table("information_flow")
    op.drop_index(op.f("ix_event_record_time"), table_name="event")
    op.drop_index(op.f("ix_event_event_time"), table_name="event")
    op.drop_index(op.f("ix_event_event_id"), table_name="event")
    op.drop_table("event")
    op.drop_table("prefix")
    op.drop_table("outcome")
    op.drop_index(op.f("ix_description_kind"), table_name="description")
    op.drop_table("description")
    op.drop_table("context")
    context.script.get_revision("0001").module.upgrade()
