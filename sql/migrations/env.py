"""Alembic runs inside `resources.postgres.migration`, on its connection and in its transaction."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="schema_version",
    version_table_schema="public",
    transactional_ddl=True,
)
context.run_migrations()
