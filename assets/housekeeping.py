"""What the night does to the warehouse: partitions ahead, retention, pruning.

Nobody waits for it, and it waits for nobody: what a reader holds is left to the next night.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from resources.errors import ConfigurationError
from resources.retry import sqlstate
from resources.warehouse import Warehouse
from resources.windows import days_between

DAYS_AHEAD = 7
RAW_RETENTION = "CALLHOUSE_RAW_RETENTION_DAYS"
"""Environment: raw records of business days older than so many days are dropped. Unset: never."""
LEDGER_RETENTION = "CALLHOUSE_LEDGER_RETENTION_DAYS"
"""Environment: what of `ops` is over (requests, resolved rejects, used quotas…) is kept so many
days."""
LEDGER_DAYS = 90
LEDGERS = (
    "requests", "rejects", "quotas", "details", "backfills", "permits", "holds", "waiters",
    "reads",
)  # fmt: skip
"""The tables of `ops` that grow: what is over goes, by `sql/maintenance/prune_<table>.sql`."""
CHUNK = 20_000
"""Rows a statement: short enough that nobody notices."""
MOMENT_S = 2.0
"""How long the night waits for a reader."""
IN_THE_WAY = {"55P03", "57014"}
"""A lock wasn't granted in time; we cancelled what waited for one."""


@dataclass(slots=True)
class Dropped:
    """Raw partitions that retention has dropped, and those that a reader holds."""

    dropped: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


def retention(name: str, environment: Mapping[str, str] = os.environ) -> int | None:
    """A number of days out of the environment. Raises ConfigurationError."""
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ConfigurationError([f"{name}: {text!r} isn't a whole number of days, 1 or more"])
    return int(text)


def make_days_ahead(warehouse: Warehouse, today: date) -> int:
    """Partitions from today to a week ahead; returns how many days there are."""
    days = days_between(today, today + timedelta(days=DAYS_AHEAD))
    warehouse.make_days(set(days))
    return len(days)


def drop_raw(warehouse: Warehouse, before: date) -> Dropped:
    """Drops raw records of business days before `before`; facts and heads stay."""
    result = Dropped()
    for row in warehouse.rows("maintenance/raw_days", before=before):
        try:
            _drop(warehouse, row.name, row.state)
        except sa.exc.OperationalError as error:
            if sqlstate(error) not in IN_THE_WAY:
                raise
            result.held.append(row.name)
            if row.state != "detached":
                break  # half detached now: Postgres allows one such partition at a time
        else:
            result.dropped.append(row.name)
    return result


def prune(warehouse: Warehouse, keep: timedelta) -> dict[str, int]:
    """Deletes old rows of `ops`, by table; those of open matters stay whatever their age."""
    return {ledger: _prune(warehouse, ledger, keep) for ledger in LEDGERS}


def unfinished(warehouse: Warehouse, now: datetime) -> list[str]:
    """A line for each account's stream whose last whole day was never read whole, and why."""
    return [
        f"{row.account} {row.stream} {row.call_date}: {row.state}"
        + (f" ({row.note})" if row.note else "")
        for row in warehouse.rows("maintenance/unfinished_days", now=now)
    ]


def _drop(warehouse: Warehouse, name: str, state: str) -> None:
    """DETACH … CONCURRENTLY stops no reader, but waits for those who read already: given up, it
    leaves the partition half detached, seen by nobody new, to be finished another night.
    """
    detach = f"ALTER TABLE raw.records DETACH PARTITION raw.{name}"
    if state == "attached":
        _run_for_a_moment(warehouse, f"{detach} CONCURRENTLY")
    with warehouse.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        if state == "pending":
            connection.exec_driver_sql(f"{detach} FINALIZE")
        connection.exec_driver_sql(f"DROP TABLE raw.{name}")


def _run_for_a_moment(warehouse: Warehouse, statement: str) -> None:
    """A statement that no transaction takes, so that its time-out can't be SET LOCAL: it is
    cancelled.
    """
    with warehouse.autocommit.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        timer = threading.Timer(MOMENT_S, driver.cancel_safe)
        timer.start()
        try:
            connection.exec_driver_sql(statement)
        finally:
            timer.cancel()
            timer.join()  # one under way would hit the connection's next statement


def _prune(warehouse: Warehouse, ledger: str, keep: timedelta) -> int:
    total = 0
    while found := len(warehouse.rows(f"maintenance/prune_{ledger}", keep=keep, most=CHUNK)):
        total += found
        if found < CHUNK:
            break
    return total
