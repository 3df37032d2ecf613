"""Dagster's storage in Postgres, in a schema of its own, on connections that stay open.

Dagster's own opens one for every query: a poll made a hundred of them, each dearer than what was
asked. And it has the schema by a start-up option and time-outs by session, neither of which goes
through a pooler in transaction mode. Here each statement brings its settings along.
"""

import select
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

import sqlalchemy as sa
import stamina
from dagster._core.instance.config import ConcurrencyConfig, PoolConfig
from dagster._core.storage.runs.schema import KeyValueStoreTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresScheduleStorage,
)

from pipelines.backfills import RunsAndBackfills
from resources.postgres.database import address

SCHEMA = "dagster"
LAID = "callhouse/laid"
"""A key of Dagster's own store: all its tables are there."""
LOCK = f"LOCK TABLE {SCHEMA}.{KeyValueStoreTable.name} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"
OTHERS_TURN = {"55P03", "23505", "42P06", "42P07"}
"""Another process holds the lock, or made the same at the same moment."""
LOOKS = (
    "has_built_index",
    "has_secondary_index",
    "has_instigators_table",
    "has_run_stats_index_cols",
    "has_backfill_id_column",
    "has_backfill_tags_table",
    "has_bulk_actions_selector_cols",
    "has_bulk_action_job_name_column",
    "_has_asset_key_col_on_connection",
)
"""What Dagster's storage asks Postgres' catalogue, or its list of indexes, again and again: before
each look at runs, a schedule or a sensor. What is there once stays there.
"""


@dataclass(frozen=True)
class _Connections:
    """The connections of this process, and the settings that their statements bring.

    SET LOCAL ends with its transaction: the session is somebody else's next. The driver sends a
    statement as it is, and Postgres takes several sent as one for a transaction.
    """

    engine: sa.Engine
    settings: dict[str, str] = field(
        # Dagster's timestamps have no zone, and are meant to be UTC.
        default_factory=lambda: {"search_path": SCHEMA, "timezone": "'UTC'"}
    )

    there: set[tuple[str, ...]] = field(default_factory=set)
    """What has been seen, as asked: `LOOKS`, and that the tables are laid."""

    def __post_init__(self) -> None:
        sa.event.listen(self.engine, "before_cursor_execute", self._bring_settings, retval=True)
        sa.event.listen(self.engine, "checkout", self._try)

    def _bring_settings(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        local = (f"SET LOCAL {name} = {value}; " for name, value in self.settings.items())
        return "".join(local) + statement, parameters

    def _try(self, connection: Any, _record: Any, _checked_out: Any) -> None:
        """Asks only a connection on which the server has said something by itself: mostly that it
        closes it, to be started again. Raises InvalidatePoolError, at which the pool opens others.
        """
        spoken = select.poll()
        try:
            spoken.register(connection, select.POLLIN)
            if spoken.poll(0):
                self.engine.dialect.do_ping(connection)
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError from error


@cache
def _connections(url: str) -> _Connections:
    """One for the process: Dagster opens an instance for each tick of a schedule."""
    return _Connections(
        sa.create_engine(
            address(url, "callhouse dagster").set(drivername="postgresql+psycopg2"),
            isolation_level="AUTOCOMMIT",
            max_overflow=-1,
            pool_use_lifo=True,
        )
    )


def _remembered(look: Callable[..., bool]) -> Callable[..., bool]:
    """Looks until it is there. A name tells one look from another, a connection doesn't."""

    @wraps(look)
    def remembered(part: "_Pooled", *asked: Any) -> bool:
        there = _connections(part.postgres_url).there
        key = (type(part).__name__, look.__name__, *(what for what in asked if type(what) is str))
        if key not in there and look(part, *asked):
            there.add(key)
        return key in there

    return remembered


class _Pooled:
    """A part of Dagster's storage that uses the process' connections, whatever it makes."""

    postgres_url: str

    def __init_subclass__(cls) -> None:
        for name in LOOKS:
            if look := getattr(cls, name, None):
                setattr(cls, name, _remembered(look))

    @property
    def _engine(self) -> sa.Engine:
        return _connections(self.postgres_url).engine

    @_engine.setter
    def _engine(self, _own: sa.Engine) -> None:
        """It connects to nothing before it is used."""

    def optimize_for_webserver(
        self,
        statement_timeout: int,
        pool_recycle: int,  # noqa: ARG002
        max_overflow: int,  # noqa: ARG002
    ) -> None:
        """What the web server asks may take so many milliseconds; the rest is so already."""
        settings = _connections(self.postgres_url).settings
        settings["statement_timeout"] = str(statement_timeout)


class _Runs(_Pooled, RunsAndBackfills):
    pass


class _Events(_Pooled, PostgresEventLogStorage):
    def get_pool_config(self) -> PoolConfig:
        """By the settings alone: each run asks, and it needs no queue of runs to be made for it."""
        settings = self._instance.get_settings("concurrency")
        return ConcurrencyConfig.from_concurrency_settings(settings, None).pool_config


class _Schedules(_Pooled, PostgresScheduleStorage):
    pass


class PooledStorage(DagsterPostgresStorage):
    """Dagster's own, on the connections of this process (`dagster.yaml` names this class)."""

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, should_autocreate_tables=False, inst_data=inst_data)
        self._run_storage = _Runs(postgres_url, should_autocreate_tables=False)
        self._event_log_storage = _Events(postgres_url, should_autocreate_tables=False)
        self._schedule_storage = _Schedules(postgres_url, should_autocreate_tables=False)
        if not self._is_laid():
            self._lay_tables()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledStorage":
        """What Dagster makes of `dagster.yaml`."""
        return cls(config_value["postgres_url"], inst_data)

    def _is_laid(self) -> bool:
        """Asked until it is so: Dagster opens a storage for each tick of a schedule."""
        there = _connections(self.postgres_url).there
        if (LAID,) in there:
            return True
        try:
            is_laid = bool(self._run_storage.get_cursor_values({LAID}))
        except sa.exc.ProgrammingError:  # there is no such table yet
            return False
        if is_laid:
            there.add((LAID,))
        return is_laid

    def _lay_tables(self) -> None:
        """Makes Dagster's tables, as it does: for two processes at once that fails, so one goes
        after the other. Whoever waits holds no connection meanwhile, as a pool may be small; and
        where one was killed, the next makes what is missing.
        """
        connections = _connections(self.postgres_url).engine
        transactions = connections.execution_options(isolation_level="READ COMMITTED")
        for attempt in stamina.retry_context(
            on=_is_others_turn, attempts=None, timeout=60, wait_initial=0.1, wait_max=0.5
        ):
            with attempt:
                with transactions.begin() as connection:
                    if SCHEMA not in sa.inspect(connection).get_schema_names():
                        connection.execute(sa.schema.CreateSchema(SCHEMA))
                    KeyValueStoreTable.create(connection, checkfirst=True)
                with transactions.begin() as connection:
                    connection.exec_driver_sql(LOCK)
                    if not self._is_laid():
                        self._lay()

    def _lay(self) -> None:
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._init_db()  # noqa: SLF001 - what its constructor would do
        self._run_storage.migrate()
        self._run_storage.optimize()
        self._event_log_storage.reindex_events()
        self._event_log_storage.reindex_assets()
        self._run_storage.set_cursor_values({LAID: "yes"})


def _is_others_turn(error: Exception) -> bool:
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "pgcode", "") in OTHERS_TURN


def disconnect(url: str) -> None:
    """Closes this process' connections; the next statement opens others."""
    _connections(url).engine.dispose()
