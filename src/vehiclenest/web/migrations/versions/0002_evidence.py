"""Evidence of things, the purpose of a kept file, the end of a one-time password, and the history of settings by version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "web_evidence",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("lot", sa.String(length=256), nullable=False, comment="EPC of the thing"),
        sa.Column("reference", sa.String(length=96), nullable=False, comment="the thing as people name it"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the file, which lies beside the base under it"),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=True, comment="JPEG, of pictures"),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["web_user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lot", "sha256"),
    )
    op.create_index(op.f("ix_web_evidence_sha256"), "web_evidence", ["sha256"], unique=False)
    with op.batch_alter_table("web_user") as batch:
        batch.add_column(
            sa.Column(
                "password_until",
                sa.BigInteger(),
                nullable=False,
                server_default="0",
                comment="when a one-time password ends; 0 for one that a person chose",
            )
        )
    with op.batch_alter_table("web_file") as batch:
        batch.add_column(
            sa.Column("purpose", sa.String(length=16), nullable=False, server_default="list", comment="list tests model grades")
        )


def downgrade() -> None:
    with op.batch_alter_table("web_file") as batch:
        batch.drop_column("purpose")
    with op.batch_alter_table("web_user") as batch:
        batch.drop_column("password_until")
    op.drop_table("web_evidence")
