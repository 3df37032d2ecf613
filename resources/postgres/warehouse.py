"""The Postgres warehouse: connections, statements, day partitions. No SQL of its own."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row
from sqlalchemy.engine import Connection, Engine, Row

import sql
from resources.postgres.clock import Clock
from resources.postgres.database import engine
from resources.postgres.errors import lacks_partition, persistently
from sql.table import Target

T = TypeVar("T")
_DIALECT = sa.make_url("postgresql+psycopg://").get_dialect()()


class LackingDaysError(Exception):
    """A transaction needs the partitions of these days first."""

    def __init__(self, days: set[date]) -> None:
        super().__init__(days)
        self.days = days


class Warehouse:
    """One warehouse by its URL (`postgresql://…`). Cheap to make; connects on first use.

    Shared by threads; `close` when done.
    """

    def __init__(self, url: str, pool_size: int = 16) -> None:
        self.url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._pool_size = pool_size
        self._days: set[date] = set()
        self.clock = Clock(lambda: self.rows("load/clock")[0].now)
        """The database's."""

    @cached_property
    def engine(self) -> Engine:
        """Transactions: what loads tables."""
        return self._connect()

    @cached_property
    def autocommit(self) -> Engine:
        """Each statement its own transaction: limits, partitions, plans. A pool of its own, as a
        load that holds a connection may need one of these too.
        """
        # So from the first: set for each use, and reset after it, it costs as much as a statement.
        return self._connect(
            isolation_level="AUTOCOMMIT", pool_reset_on_return=None, pool_use_lifo=True
        )

    def _connect(self, **settings: Any) -> Engine:
        return engine(
            self.url,
            "callhouse",
            pool_size=self._pool_size,
            max_overflow=0,
            pool_timeout=600,
            **settings,
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block."""
        with self.engine.begin() as connection:
            yield connection

    def in_transaction(self, work: Callable[[Connection], T]) -> T:
        """`work(connection)`, committed; all of it again when the database restarts or aborts it
        (a lost connection, a deadlock, a serialisation failure), or when it lacks days.

        Whatever takes another connection is done outside: where a pool is small, each of those
        who hold one would wait for another's.
        """

        def once() -> T:
            has_looked = False
            while True:
                self.clock.now()
                try:
                    with self.transaction() as connection:
                        return work(connection)
                except LackingDaysError as error:
                    self.make_days(error.days)
                except (psycopg.errors.CheckViolation, sa.exc.IntegrityError) as error:
                    # A day that was there was dropped for its age meanwhile.
                    if has_looked or not lacks_partition(error):
                        raise
                    has_looked = True
                    self._days.clear()

        return persistently(once)

    def rows(self, statement: str, target: Target | None = None, /, **parameters: Any) -> list[Any]:
        """What the statement `sql/<statement>.sql` returns, by itself, as named tuples; again when
        the database restarts. A template's is that of the `target`.
        """
        text = _text(statement, target)
        return persistently(lambda: self._ask(text, parameters))

    def _ask(self, text: str, parameters: dict[str, Any]) -> list[Any]:
        """By the driver alone: SQLAlchemy costs twice as much around a short statement. Raises its
        DBAPIError all the same.
        """
        try:
            with self._driver() as driver, driver.cursor(row_factory=namedtuple_row) as cursor:
                cursor.execute(text.encode(), parameters)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:  # also of a connection that didn't come about
            raise sa.exc.DBAPIError.instance(text, parameters, error, psycopg.Error) from error

    @contextmanager
    def _driver(self) -> Iterator[psycopg.Connection]:
        """A connection of `autocommit`."""
        pooled = self.autocommit.raw_connection()
        driver = pooled.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            yield driver
        finally:
            if driver.info.transaction_status != TransactionStatus.IDLE:
                pooled.invalidate()
            if driver.broken:  # so are its neighbours, as after a restart
                self.autocommit.dispose()
            pooled.close()

    def timed_rows(self, statement: str, **parameters: Any) -> list[Row[Any]]:
        """As `rows`, of a statement that also tells the time, in its column `now`."""
        return self.clock.measure(
            lambda: self.rows(statement, **parameters), lambda rows: rows[0].now
        )

    def now(self) -> datetime:
        """What time it is, by the database's clock."""
        return self.clock.now()

    def run(self, statement: str, target: Target | None = None, /, **parameters: Any) -> None:
        """The statement `sql/<statement>.sql`, by itself; again when the database restarts."""
        self.rows(statement, target, **parameters)

    def make_days(self, days: set[date]) -> None:
        """Partitions for `days`, where they aren't there. Never waits behind a reader."""
        for day in sorted(days - self._days):
            self.run("maintenance/make_day", day=day)
            self._days.add(day)

    def look_for_days(self) -> None:
        """Looks once which days have partitions: a transaction that needs no others needs no second
        attempt.
        """
        if not self._days:
            self._days |= {row.day for row in self.rows("maintenance/made_days")}

    def require_days(self, days: set[date]) -> None:
        """For a transaction: raises LackingDaysError when one of them isn't known to be there."""
        if lacking := days - self._days:
            raise LackingDaysError(lacking)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()
        self.autocommit.dispose()


@cache
def _text(statement: str, target: Target | None) -> str:
    """As the driver takes it. Read and compiled once, as that costs more than a short statement:
    so does what SQLAlchemy does with each one that it is to compile itself.
    """
    return str(sa.text(sql.read(statement, target)).compile(dialect=_DIALECT))


def execute(
    connection: Connection, statement: str, target: Target | None = None, /, **parameters: Any
) -> list[Row[Any]]:
    """What the statement `sql/<statement>.sql` returns, in the connection's transaction. A
    template's is that of the `target`.
    """
    result = connection.exec_driver_sql(_text(statement, target), parameters)
    return list(result.all()) if result.returns_rows else []


def stream(
    connection: Connection, statement: str, target: Target | None = None, /, **parameters: Any
) -> Iterator[Row[Any]]:
    """As `execute`, of a statement that returns millions of rows: they come by thousands."""
    options = {"stream_results": True, "max_row_buffer": 2_000}
    yield from connection.exec_driver_sql(
        _text(statement, target), parameters, execution_options=options
    )


def text_array(values: Collection[str]) -> str:
    """A text[] as its literal: an array of thousands costs the driver ten times as much. NUL,
    which no text of Postgres has, keeps the values apart while they are quoted.
    """
    joined = "\0".join(values)
    quoted = joined.replace("\\", r"\\").replace('"', r"\"").replace("\0", '","')
    return f'{{"{quoted}"}}' if values else "{}"


def copy(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY of lines in its text format (see `copy_text`), in the connection's transaction."""
    driver = connection.connection.driver_connection
    assert driver is not None
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as target:
        for line in lines:
            target.write(line)
