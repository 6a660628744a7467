"""Alembic's entry for the tables of the EPCIS interface; a chain of its own."""

from alembic import context

from vehiclenest.web.epcis.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="epcis_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
