"""The first tables: events, lots and the four flows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("seq", _KEY, autoincrement=False, nullable=False, comment="order of capture, from 1"),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False, comment="microseconds since 1970-01-01 UTC"),
        sa.Column("record_time", sa.BigInteger(), nullable=False, comment="microseconds since 1970-01-01 UTC"),
        sa.Column("biz_step", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the event as JSON, as captured"),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index(op.f("ix_event_event_time"), "event", ["event_time"], unique=False)
    op.create_table(
        "energy_flow",
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(length=32), nullable=False),
        sa.Column("kwh", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
    )
    op.create_table(
        "information_flow",
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
    )
    op.create_table(
        "lot",
        sa.Column("id", _KEY, autoincrement=False, nullable=False),
        sa.Column("uri", sa.String(length=256), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False, comment="the tail of the URI, as a person types it"),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("attributes", sa.LargeBinary(), nullable=False, comment="JSON object"),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uri"),
    )
    op.create_index(op.f("ix_lot_reference"), "lot", ["reference"], unique=False)
    op.create_table(
        "material_flow",
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("material", sa.String(length=24), nullable=False),
        sa.Column("mass_kg", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position", "material"),
    )
    op.create_table(
        "money_flow",
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "amount_e4", sa.BigInteger(), nullable=False, comment="ten-thousandths of the currency: exact for every ISO 4217 code"
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("counterparty", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
    )
    op.create_table(
        "lot_flow",
        sa.Column("event_seq", _KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lot_id", _KEY, nullable=True),
        sa.Column("flow", sa.String(length=12), nullable=False),
        sa.Column("mass_kg", sa.Float(precision=53), nullable=False),
        sa.Column("uncertainty_kg", sa.Float(precision=53), nullable=False),
        sa.Column("basis", sa.String(length=10), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("value_e4", sa.BigInteger(), nullable=True, comment="net value in ten-thousandths of the currency"),
        sa.Column("carbon_kg", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_seq"],
            ["event.seq"],
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"],
            ["lot.id"],
        ),
        sa.PrimaryKeyConstraint("event_seq", "position"),
    )
    op.create_index("lot_flow_lot", "lot_flow", ["lot_id", "flow", "mass_kg"], unique=False)


def downgrade() -> None:
    op.drop_index("lot_flow_lot", table_name="lot_flow")
    op.drop_table("lot_flow")
    op.drop_table("money_flow")
    op.drop_table("material_flow")
    op.drop_index(op.f("ix_lot_reference"), table_name="lot")
    op.drop_table("lot")
    op.drop_table("information_flow")
    op.drop_table("energy_flow")
    op.drop_index(op.f("ix_event_event_time"), table_name="event")
    op.drop_table("event")
