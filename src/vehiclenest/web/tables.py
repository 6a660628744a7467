"""Tables of the application, in the ledger's database: who may come in, what runs in the background, what was done, and the yard.

Times are microseconds since 1970-01-01 UTC, as in the ledger. `yard_*` are read models: `yard.projection` derives them from events, but
for what a person adds (bin, price, ticks of the depollution list, the record that intake made).
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite counts only an INTEGER primary key as its row id.
_Key = BigInteger().with_variant(Integer, "sqlite")

user = Table(
    "web_user",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(64), nullable=False, unique=True, comment="in lower case"),
    Column("role", String(16), nullable=False),
    Column("password", String(256), nullable=False, comment="argon2id"),
    Column("must_change", Boolean, nullable=False, comment="the password was given by another and serves once"),
    Column("active", Boolean, nullable=False),
    Column("language", String(8), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("failures", SmallInteger, nullable=False, comment="wrong passwords in a row"),
    Column("locked_until", BigInteger, nullable=False),
    Column(
        "password_until",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="when a one-time password ends; 0 for one that a person chose",
    ),
)

session = Table(
    "web_session",
    metadata,
    Column("key", LargeBinary(32), primary_key=True, comment="SHA-256 of the cookie"),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("agent", String(200), nullable=False),
)

token = Table(
    "web_token",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("key", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of the token"),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

secret = Table(
    "web_secret",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

file = Table(
    "web_file",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("purpose", String(16), nullable=False, server_default="list", comment="list tests model grades"),
)

evidence = Table(
    "web_evidence",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("lot", String(256), nullable=False, comment="EPC of the thing"),
    Column("reference", String(96), nullable=False, comment="the thing as people name it"),
    Column("sha256", String(64), nullable=False, index=True, comment="of the file, which lies beside the base under it"),
    Column("name", String(120), nullable=False),
    Column("media_type", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("thumbnail", LargeBinary, nullable=True, comment="JPEG, of pictures"),
    Column("note", String(200), nullable=False),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("lot", "sha256"),
)

job = Table(
    "web_job",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True, comment="queued running done failed cancelled"),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("cursor", JSON, nullable=False, comment="where the work goes on after a restart"),
    Column("message", Text, nullable=False),
    Column("cancel", Boolean, nullable=False, comment="somebody asked for its end"),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("finished", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False, comment="until when its worker has it for itself"),
    Column("worker", String(64), nullable=False),
)

audit = Table(
    "web_audit",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("time", BigInteger, nullable=False, index=True),
    Column("user_id", _Key, nullable=True, index=True),
    Column("user_name", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(256), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("address", String(64), nullable=False),
    Column("request", String(32), nullable=False),
)

setting = Table(
    "web_setting",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("name", String(128), nullable=False, index=True, comment="table.row.column of a site file"),
    Column("value", JSON, nullable=False),
    Column("reason", String(400), nullable=False),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False),
    Column("time", BigInteger, nullable=False),
)

vehicle = Table(
    "yard_vehicle",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("reference", String(64), nullable=False, unique=True),
    Column("lot", String(256), nullable=False),
    Column("name", String(256), nullable=False),
    Column("make", String(64), nullable=False),
    Column("mass_kg", Float(53), nullable=False),
    Column("state", String(12), nullable=False, comment="received depolluted dismantled"),
    Column("received", BigInteger, nullable=False),
    Column("record", JSON, nullable=True, comment="the vehicle as intake made it; None where it came by another way"),
    Index("yard_vehicle_state", "state", "id"),
    Index("yard_vehicle_make", "make", "id"),
)

tick = Table(
    "yard_tick",
    metadata,
    Column("vehicle_id", _Key, ForeignKey("yard_vehicle.id"), primary_key=True),
    Column("code", String(8), primary_key=True, comment="the fraction that was taken out"),
    Column("user_id", _Key, ForeignKey("web_user.id"), nullable=False),
    Column("time", BigInteger, nullable=False),
)

part = Table(
    "yard_part",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("reference", String(96), nullable=False, unique=True),
    Column("lot", String(256), nullable=False, unique=True),
    Column("vehicle", String(64), nullable=False, comment="reference of the vehicle that it came out of"),
    Column("code", String(8), nullable=False),
    Column("name", String(64), nullable=False),
    Column("make", String(64), nullable=False),
    Column("model", String(128), nullable=False),
    Column("grade", String(1), nullable=False, comment="A B C X, or - where none was given"),
    Column("mass_kg", Float(53), nullable=False),
    Column("route", String(20), nullable=False, comment="what rules and prices suggest; of one that left, what it took"),
    Column("price_e2", BigInteger, nullable=False, comment="asked, in hundredths"),
    Column("currency", String(3), nullable=False),
    Column("bin", String(32), nullable=False),
    Column("state", String(8), nullable=False, comment="stock gone"),
    Column("created", BigInteger, nullable=False),
    Index("yard_part_state", "state", "id"),
    Index("yard_part_code", "state", "code", "make", "id"),
    Index("yard_part_make", "state", "make", "id"),
    Index("yard_part_grade", "state", "grade", "id"),
    Index("yard_part_route", "state", "route", "id"),
    Index("yard_part_bin", "bin", "id"),
    Index("yard_part_vehicle", "vehicle", "id"),
)

cursor = Table(
    "yard_cursor",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="the last event of the ledger that the yard has read"),
)
