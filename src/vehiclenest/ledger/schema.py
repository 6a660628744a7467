"""Tables of the ledger. Rows are only ever added; docs/architecture.md draws them.

The event's own bytes are the truth. Every other row can be derived from them (`entry`), which is how they are verified; the tables hold
what capture has to check and what a trace has to find, and nothing else: masses by substance, energy and money stand in the columns
(`columns`).
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Subquery,
    Table,
    UniqueConstraint,
    select,
)

NEWEST = 2**62  # stands for the number of the last event, whatever it is

metadata = MetaData()

# SQLite counts only an INTEGER primary key as its row id.
_Key = BigInteger().with_variant(Integer, "sqlite")

context = Table(
    "context",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False, unique=True, comment="JSON-LD context of a captured document, as JSON"),
)

event = Table(
    "event",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=False, comment="order of capture, from 1, without gaps"),
    Column("identity", LargeBinary(32), nullable=False, unique=True, comment="CBV event hash; of a declaration with its content"),
    Column("event_id", String(256), nullable=True, index=True, comment="eventID, where it is not the event hash"),
    Column("type", String(24), nullable=False),
    Column("event_time", BigInteger, nullable=False, index=True, comment="microseconds since 1970-01-01 UTC"),
    Column("record_time", BigInteger, nullable=False, index=True, comment="microseconds since 1970-01-01 UTC"),
    Column("biz_step", String(256), nullable=False),
    Column("context_id", _Key, ForeignKey("context.id"), nullable=True, comment="context, where it is not the ledger's own"),
    Column("body", LargeBinary, nullable=False, comment="the event as JSON, as captured; long ones compressed (zlib)"),
)

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False, comment="the event in error"),
    Column("by_seq", _Key, ForeignKey("event.seq"), nullable=False, comment="the error declaration"),
)

prefix = Table(
    "prefix",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("text", String(256), nullable=False, unique=True, comment="what many identifiers start with"),
)

description = Table(
    "description",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("kind", String(24), nullable=False, index=True),
    Column("name", String(256), nullable=False),
    Column("stream", String(64), nullable=False),
    UniqueConstraint("name", "kind", "stream"),
)

lot = Table(
    "lot",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column(
        "event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False, comment="the event that describes it"
    ),
    Column("prefix_id", _Key, ForeignKey("prefix.id"), nullable=False),
    Column("reference", String(256), nullable=False, comment="the rest of the identifier, as a person types it"),
    Column("description_id", _Key, ForeignKey("description.id"), nullable=False, index=True),
    Index("lot_reference", "reference", "prefix_id"),
    Index("lot_event", "event_seq"),
    sqlite_with_rowid=False,
)

outcome = Table(
    "outcome",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("route", String(64), nullable=False),
    Column("reason", String, nullable=False),
    UniqueConstraint("reason", "route"),
)

lot_flow = Table(
    "lot_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("lot_id", _Key, nullable=True),
    Column("flow", SmallInteger, nullable=False, comment="0 received 1 consumed 2 produced 3 shipped 4 lost 5 unaccounted"),
    Column("mass_kg", Float(53), nullable=False),
    Column("outcome_id", _Key, ForeignKey("outcome.id"), nullable=True),
    Column("value_e4", BigInteger, nullable=True, comment="net value in ten-thousandths of the currency"),
    Column("carbon_kg", Float(53), nullable=True),
    Column("through_kg", Float(53), nullable=True, comment="of a lot that may be added to: all that came into it so far"),
    Index("lot_flow_lot", "lot_id", "flow", "event_seq"),
    sqlite_with_rowid=False,
)

mixture = Table(
    "mixture",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("material", String(64), primary_key=True),
    Column("mass_kg", Float(53), nullable=False, comment="of a lot that may be added to: its content has to be known to be used"),
    sqlite_with_rowid=False,
)

information_flow = Table(
    "information_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("reference", String(256), nullable=False),
    Index("information_flow_kind", "kind", "event_seq"),
    sqlite_with_rowid=False,
)

mention = Table(
    "mention",
    metadata,
    Column("uri", String(512), primary_key=True, comment="an identifier that an event names outside its material flows"),
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True, autoincrement=False),
    Column("role", SmallInteger, primary_key=True, comment="0 thing 1 parent 2 child 3 input 4 output 5 transformation"),
    Index("mention_event", "event_seq"),
    sqlite_with_rowid=False,
)


def in_force(seq: ColumnElement[int], last: int | ColumnElement[int] | None = None) -> ColumnElement[bool]:
    """Return the condition that an event was captured by the event number `last`, None for now, and was not withdrawn by then."""
    withdrawn = select(withdrawal.c.event_seq)
    if last is None:
        return seq.not_in(withdrawn)
    # A bare column would tempt the planner to read all events up to the last one by their key.
    return (seq + 0 <= last) & seq.not_in(withdrawn.where(withdrawal.c.by_seq <= last))


def named_lots() -> Subquery:
    """Return every lot once with its name in two parts: id, prefix, reference."""
    return (
        select(lot.c.id, prefix.c.text.label("prefix"), lot.c.reference)
        .select_from(lot.join(prefix, prefix.c.id == lot.c.prefix_id))
        .distinct()
        .subquery("named")
    )
