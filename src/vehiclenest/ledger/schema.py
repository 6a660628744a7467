"""Tables of the ledger. Rows are only ever added; docs/architecture.md draws them."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

# SQLite counts only an INTEGER primary key as its row id.
_Key = BigInteger().with_variant(Integer, "sqlite")

event = Table(
    "event",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=False, comment="order of capture, from 1"),
    Column("event_id", String(128), nullable=False, unique=True),
    Column("type", String(24), nullable=False),
    Column("event_time", BigInteger, nullable=False, index=True, comment="microseconds since 1970-01-01 UTC"),
    Column("record_time", BigInteger, nullable=False, comment="microseconds since 1970-01-01 UTC"),
    Column("biz_step", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the event as JSON, as captured"),
)

lot = Table(
    "lot",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("uri", String(256), nullable=False, unique=True),
    Column("reference", String(64), nullable=False, index=True, comment="the tail of the URI, as a person types it"),
    Column("kind", String(24), nullable=False),
    Column("name", String(120), nullable=False),
    Column("stream", String(64), nullable=False),
    Column("event_seq", _Key, ForeignKey("event.seq"), nullable=False),
    Column("attributes", LargeBinary, nullable=False, comment="JSON object"),
)

lot_flow = Table(
    "lot_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("lot_id", _Key, ForeignKey("lot.id"), nullable=True),
    Column("flow", String(12), nullable=False),
    Column("mass_kg", Float(53), nullable=False),
    Column("uncertainty_kg", Float(53), nullable=False),
    Column("basis", String(10), nullable=False),
    Column("route", String(20), nullable=True),
    Column("reason", String, nullable=True),
    Column("value_e4", BigInteger, nullable=True, comment="net value in ten-thousandths of the currency"),
    Column("carbon_kg", Float(53), nullable=True),
    Index("lot_flow_lot", "lot_id", "flow", "mass_kg"),
)

material_flow = Table(
    "material_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("material", String(24), primary_key=True),
    Column("mass_kg", Float(53), nullable=False),
)

energy_flow = Table(
    "energy_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("carrier", String(32), nullable=False),
    Column("kwh", Float(53), nullable=False),
)

money_flow = Table(
    "money_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("amount_e4", BigInteger, nullable=False, comment="ten-thousandths of the currency: exact for every ISO 4217 code"),
    Column("currency", String(3), nullable=False),
    Column("counterparty", String(120), nullable=False),
    Column("purpose", String(64), nullable=False),
)

information_flow = Table(
    "information_flow",
    metadata,
    Column("event_seq", _Key, ForeignKey("event.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("reference", String(256), nullable=False),
)
