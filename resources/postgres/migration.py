"""Brings a warehouse's schema up to date, while others are at work in it."""

import sqlalchemy as sa
import stamina
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

import sql
from resources.errors import CallhouseError
from resources.postgres.database import engine
from resources.postgres.errors import sqlstate
from resources.postgres.objects import hold_views, lay_lost_facts, lay_objects
from resources.postgres.roles import grant_roles, set_agent_names
from resources.postgres.schema_version import UNFINISHED, SchemaError, head, require_known

LOCK = "callhouse migrate"
VERSION = "public.schema_version"
"""Alembic's table."""
PATIENCE_S = 180.0
IN_THE_WAY = {
    "55P03": "somebody's transaction holds a table",
    "40P01": "a deadlock with a load",
    "42710": "another database's migration made the roles meanwhile",
    "23505": "the same",
    "XX000": "it is changing them",
}


def migrate(
    url: str,
    patience_s: float = PATIENCE_S,
    *,
    agent_names: bool | None = None,
    restores: bool = False,
) -> list[str]:
    """Brings the warehouse at `url` up to date; returns what an administrator still has to run.

    `agent_names`: from now on analysts without personal data see names of agents, or don't.
    `restores`: it is a part of a restore that is under way.

    Safe to repeat, at the same time from several machines (it runs under a lock of the database)
    and while loads and analysts are at work: whoever waits for a table holds up all who come
    after, so it waits for a moment only, lets go of everything, and tries again.

    Raises CallhouseError when a table isn't free for a moment in `patience_s`, and SchemaError when
    the tables are those of a newer Callhouse, of another unreleased one, or of half a restore.
    """
    connections = engine(url, "callhouse migrate", poolclass=sa.NullPool)
    try:
        for attempt in stamina.retry_context(
            on=_is_in_the_way, attempts=None, timeout=patience_s, wait_initial=0.5, wait_max=5
        ):
            with attempt, connections.begin() as connection:
                if not restores:
                    _require_whole(connection)
                return _migrate(connection, agent_names)
        raise AssertionError("unreachable")
    except sa.exc.OperationalError as error:
        if not _is_in_the_way(error):
            raise
        raise CallhouseError(
            "The migration gave up: a table that it changes has been in use all the time. "
            "Look in pg_stat_activity for a transaction that is open for long, end it, and "
            "run `callhouse migrate` again."
        ) from None


def _require_whole(connection: Connection) -> None:
    if connection.execute(sa.text(sql.read("status/restore"))).scalar():
        raise SchemaError(UNFINISHED)


def _migrate(connection: Connection, agent_names: bool | None) -> list[str]:
    connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
    _lock(connection)
    if connection.execute(sa.text("SELECT to_regclass(:name)"), {"name": VERSION}).scalar():
        for row in connection.execute(sa.text(sql.read("status/schema"))):
            require_known(row.version, row.baseline)
            if row.version != head():
                hold_views(connection)
    config = Config()
    config.set_main_option("script_location", str(sql.FOLDER / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    lay_lost_facts(connection)
    lay_objects(connection)
    if agent_names is not None:
        set_agent_names(connection, agent_names)
    return grant_roles(connection)


def _lock(connection: Connection) -> None:
    """Makes this the only migration: by a table that nobody else may lock, once it is there."""
    if connection.execute(sa.text("SELECT to_regclass(:table)"), {"table": VERSION}).scalar_one():
        connection.exec_driver_sql(f"LOCK TABLE {VERSION} IN EXCLUSIVE MODE")
    else:
        lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(lock, {"name": LOCK})


def _is_in_the_way(error: Exception) -> bool:
    return sqlstate(error) in IN_THE_WAY
