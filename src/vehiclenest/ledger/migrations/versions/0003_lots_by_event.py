"""The lots of an event are found without reading all: a year's columns are written in minutes."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("lot_event", "lot", ["event_seq"], unique=False)


def downgrade() -> None:
    op.drop_index("lot_event", table_name="lot")
