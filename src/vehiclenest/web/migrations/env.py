"""Alembic's entry for the application's tables; the ledger's have a chain of their own, and neither depends on the other's."""

from alembic import context

from vehiclenest.web.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="web_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
