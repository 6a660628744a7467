"""First tables of the application: people, background work, audit, and the yard's read models."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "web_audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("user_id", _KEY, nullable=True),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=256), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_web_audit_time"), "web_audit", ["time"], unique=False)
    op.create_index(op.f("ix_web_audit_user_id"), "web_audit", ["user_id"], unique=False)
    op.create_table(
        "web_secret",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "web_user",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="in lower case"),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False, comment="argon2id"),
        sa.Column("must_change", sa.Boolean(), nullable=False, comment="the password was given by another and serves once"),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False, comment="wrong passwords in a row"),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "yard_cursor",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="the last event of the ledger that the yard has read"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "yard_part",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("reference", sa.String(length=96), nullable=False),
        sa.Column("lot", sa.String(length=256), nullable=False),
        sa.Column("vehicle", sa.String(length=64), nullable=False, comment="reference of the vehicle that it came out of"),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("make", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=128), nullable=False),
        sa.Column("grade", sa.String(length=1), nullable=False, comment="A B C X, or - where none was given"),
        sa.Column("mass_kg", sa.Float(precision=53), nullable=False),
        sa.Column(
            "route", sa.String(length=20), nullable=False, comment="what rules and prices suggest; of one that left, what it took"
        ),
        sa.Column("price_e2", sa.BigInteger(), nullable=False, comment="asked, in hundredths"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("bin", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False, comment="stock gone"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lot"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index("yard_part_bin", "yard_part", ["bin", "id"], unique=False)
    op.create_index("yard_part_code", "yard_part", ["state", "code", "make", "id"], unique=False)
    op.create_index("yard_part_grade", "yard_part", ["state", "grade", "id"], unique=False)
    op.create_index("yard_part_make", "yard_part", ["state", "make", "id"], unique=False)
    op.create_index("yard_part_route", "yard_part", ["state", "route", "id"], unique=False)
    op.create_index("yard_part_state", "yard_part", ["state", "id"], unique=False)
    op.create_index("yard_part_vehicle", "yard_part", ["vehicle", "id"], unique=False)
    op.create_table(
        "yard_vehicle",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("lot", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("make", sa.String(length=64), nullable=False),
        sa.Column("mass_kg", sa.Float(precision=53), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="received depolluted dismantled"),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=True, comment="the vehicle as intake made it; None where it came by another way"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index("yard_vehicle_make", "yard_vehicle", ["make", "id"], unique=False)
    op.create_index("yard_vehicle_state", "yard_vehicle", ["state", "id"], unique=False)
    op.create_table(
        "web_file",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "web_job",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False, comment="queued running done failed cancelled"),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False, comment="where the work goes on after a restart"),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("cancel", sa.Boolean(), nullable=False, comment="somebody asked for its end"),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False, comment="until when its worker has it for itself"),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_web_job_state"), "web_job", ["state"], unique=False)
    op.create_index(op.f("ix_web_job_user_id"), "web_job", ["user_id"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_web_session_user_id"), "web_session", ["user_id"], unique=False)
    op.create_table(
        "web_setting",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False, comment="table.row.column of a site file"),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_web_setting_name"), "web_setting", ["name"], unique=False)
    op.create_table(
        "web_token",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False, comment="SHA-256 of the token"),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_web_token_user_id"), "web_token", ["user_id"], unique=False)
    op.create_table(
        "yard_tick",
        sa.Column("vehicle_id", _KEY, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False, comment="the fraction that was taken out"),
        sa.Column("user_id", _KEY, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["web_user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"],
            ["yard_vehicle.id"],
        ),
        sa.PrimaryKeyConstraint("vehicle_id", "code"),
    )


def downgrade() -> None:
    op.drop_table("yard_tick")
    op.drop_index(op.f("ix_web_token_user_id"), table_name="web_token")
    op.drop_table("web_token")
    op.drop_index(op.f("ix_web_setting_name"), table_name="web_setting")
    op.drop_table("web_setting")
    op.drop_index(op.f("ix_web_session_user_id"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_web_job_user_id"), table_name="web_job")
    op.drop_index(op.f("ix_web_job_state"), table_name="web_job")
    op.drop_table("web_job")
    op.drop_table("web_file")
    op.drop_index("yard_vehicle_state", table_name="yard_vehicle")
    op.drop_index("yard_vehicle_make", table_name="yard_vehicle")
    op.drop_table("yard_vehicle")
    op.drop_index("yard_part_vehicle", table_name="yard_part")
    op.drop_index("yard_part_state", table_name="yard_part")
    op.drop_index("yard_part_route", table_name="yard_part")
    op.drop_index("yard_part_make", table_name="yard_part")
    op.drop_index("yard_part_grade", table_name="yard_part")
    op.drop_index("yard_part_code", table_name="yard_part")
    op.drop_index("yard_part_bin", table_name="yard_part")
    op.drop_table("yard_part")
    op.drop_table("yard_cursor")
    op.drop_table("web_user")
    op.drop_table("web_secret")
    op.drop_index(op.f("ix_web_audit_user_id"), table_name="web_audit")
    op.drop_index(op.f("ix_web_audit_time"), table_name="web_audit")
    op.drop_table("web_audit")
