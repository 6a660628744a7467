"""First tables of the EPCIS interface: what events name, how far they were read, and named queries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "epcis_term",
        sa.Column(
            "kind",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="0 type 1 step 2 disposition 3 read point 4 location",
        ),
        sa.Column("value", sa.String(length=512), nullable=False, comment="in the one form that `words` gives it"),
        sa.Column("event_seq", _KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "event_seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "epcis_mark",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="the last event of the ledger whose terms are kept"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "epcis_query",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False, comment="the query as it was given"),
        sa.Column("user_id", _KEY, nullable=True, comment="who made it"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("epcis_query_name", "epcis_query", ["name"], unique=True)


def downgrade() -> None:
    op.drop_index("epcis_query_name", table_name="epcis_query")
    op.drop_table("epcis_query")
    op.drop_table("epcis_mark")
    op.drop_table("epcis_term")
