"""The schema that migrations build is the schema that the code uses."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from vehiclenest.ledger import Ledger, database, schema


def test_migrations_build_exactly_the_tables_of_the_code(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    scripts = ScriptDirectory(str(Path(database.__file__).with_name("migrations")))
    assert scripts.get_heads() == [database.HEAD]


def test_a_downgrade_leaves_nothing_behind(ledger: Ledger) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).with_name("migrations")))
    with database.writing(ledger.engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(ledger.engine).get_table_names() == ["alembic_version"]
