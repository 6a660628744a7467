"""The application's tables: migrations build what the code uses, beside a ledger that was there before."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from vehiclenest.ledger import Ledger
from vehiclenest.web import database as module
from vehiclenest.web.database import Database
from vehiclenest.web.keys import kept_secret
from vehiclenest.web.tables import metadata


def ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in metadata.tables


def test_migrations_build_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'base.db'}")
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    scripts = ScriptDirectory(str(Path(module.__file__).with_name("migrations")))
    assert scripts.get_heads() == [module.HEAD]


def test_a_ledger_that_was_there_before_gets_the_tables_and_stays_a_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    Ledger(url).close()
    Database(url).close()
    with Ledger(url) as ledger:
        assert "web_user" in inspect(ledger.engine).get_table_names()
        assert ledger.size() == 0


def test_a_downgrade_leaves_the_ledger_alone(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config

    from vehiclenest.ledger.database import writing

    database = Database(f"sqlite:///{tmp_path / 'base.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).with_name("migrations")))
    with writing(database.engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    names = inspect(database.engine).get_table_names()
    assert "event" in names
    assert not [name for name in names if name.startswith(("web_", "yard_")) and name != "web_version"]
    database.close()


def test_a_secret_stays_the_same_over_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'base.db'}"
    database = Database(url)
    first = kept_secret(database, "forms")
    database.close()
    again = Database(url)
    assert kept_secret(again, "forms") == first
    assert kept_secret(again, "other") != first
    again.close()
