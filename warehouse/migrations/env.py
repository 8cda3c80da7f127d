"""Alembic's entry: the connection comes from `migrate`, already under the owner role."""

from alembic import context

from warehouse.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_schemas=True,
    version_table="alembic_version",
    version_table_schema="ops",
)
with context.begin_transaction():
    context.run_migrations()
