"""The Postgres warehouse: connections, migrations, day partitions. No SQL of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import stamina
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection, Engine, Row

import sql

MIGRATION_LOCK = "callhouse migrate"


class Warehouse:
    """One warehouse by its URL (`postgresql://…`). Cheap to make; connects on first use.

    Shared by threads; `close` when done.
    """

    def __init__(self, url: str, pool_size: int = 16) -> None:
        self.url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._pool_size = pool_size
        self._days: set[date] = set()

    @cached_property
    def engine(self) -> Engine:
        """Transactions: what loads and reads tables."""
        return sa.create_engine(
            self.url,
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=600,
            connect_args={"application_name": "callhouse", "options": "-c timezone=UTC -c jit=off"},
        )

    @cached_property
    def autocommit(self) -> Engine:
        """The same connections, each statement its own transaction: limits, partitions."""
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block."""
        with self.engine.begin() as connection:
            yield connection

    def rows(self, statement: str, **parameters: Any) -> list[Row[Any]]:
        """What the statement `sql/<statement>.sql` returns, by itself."""
        with self.autocommit.connect() as connection:
            return list(connection.execute(sa.text(sql.read(statement)), parameters))

    def run(self, statement: str, **parameters: Any) -> None:
        """The statement `sql/<statement>.sql`, by itself."""
        with self.autocommit.connect() as connection:
            connection.execute(sa.text(sql.read(statement)), parameters)

    def make_days(self, days: set[date]) -> None:
        """Partitions for `days`, where they aren't there. Never waits behind a reader."""
        for day in sorted(days - self._days):
            for attempt in stamina.retry_context(on=sa.exc.OperationalError, attempts=8):
                with attempt:
                    self.run("maintenance/make_day", day=day)
            self._days.add(day)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


def migrate(url: str) -> None:
    """Brings the warehouse at `url` up to date.

    Safe to repeat and at the same time from several machines: the migrations run under a lock
    of the database. Functions and views are laid anew each time, as they hold no data.
    """
    warehouse = Warehouse(url, pool_size=2)
    config = Config()
    config.set_main_option("script_location", str(sql.FOLDER / "migrations"))
    try:
        with warehouse.transaction() as connection:
            connection.execute(
                sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                {"name": MIGRATION_LOCK},
            )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            for name in sql.names("functions") + sql.names("marts"):
                connection.exec_driver_sql(sql.read(name).replace("%", "%%"))
    finally:
        warehouse.close()
