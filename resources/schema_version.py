"""Which version of the tables a warehouse has, and which one this code works with."""

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import sql
from resources.database import engine
from resources.errors import CallhouseError


def head() -> str:
    """The newest version that there is a migration to."""
    newest = ScriptDirectory(sql.FOLDER / "migrations").get_current_head()
    assert newest
    return newest


def version(url: str) -> str | None:
    """The version of the warehouse at `url`; None if it has no tables yet."""
    options = {"version_table": "schema_version", "version_table_schema": "public"}
    with engine(url, "callhouse", poolclass=sa.NullPool).connect() as connection:
        return MigrationContext.configure(connection, opts=options).get_current_revision()


def require_head(url: str) -> str:
    """The version, if it is the one that this code works with. Raises CallhouseError."""
    present, wanted = version(url), head()
    if present is None:
        raise CallhouseError("the warehouse has no tables yet: run `callhouse migrate`")
    if present != wanted:
        raise CallhouseError(
            f"the warehouse's schema is {present}, but this Callhouse works with {wanted}: "
            "run `callhouse migrate`, or update Callhouse if it is the older"
        )
    return present
