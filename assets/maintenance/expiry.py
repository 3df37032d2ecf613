"""What is older than it is to be kept goes, by kind: raw, facts, audio, what rejects hold.

Nobody waits for it, and it waits for nobody: what a reader holds is left to the next night.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from assets.loading.audio_files import LOST_AUDIO, remove_audio_of, remove_audio_of_day
from assets.refresh import refresh_days
from resources.postgres.errors import sqlstate
from resources.postgres.warehouse import Warehouse, execute
from resources.vendors import audio_streams
from sql import facts

CHUNK = 20_000
"""Rows a statement: short enough that nobody notices."""
FILES = 500
"""Audio files a transaction."""
MOMENT_S = 2.0
"""How long the night waits for a reader."""
IN_THE_WAY = {"55P03", "57014", "55000", "40P01"}
"""A lock wasn't granted in time; we cancelled what waited for one; another night detaches another
partition of the table; another night finishes what this one has begun to detach.
"""
GONE = "42P01"
"""Another night has detached or dropped it."""
RAW = "raw.records"
OF_A_DAY = (
    "rejects", "field_faults", "suppressed_records", "known_batches", "callers_by_day",
    "callback_attempts",
)  # fmt: skip
"""What is known of a day's records beside its partitions, of single callers in marts too:
`sql/maintenance/expire_<table>.sql`.
"""
SAY_WHERE_AUDIO_IS = ("heads", "details")
"""The same of what tells that audio lies in its place."""


@dataclass(slots=True)
class Dropped:
    """Partitions that were dropped, and those that a reader holds."""

    dropped: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


def drop_raw(warehouse: Warehouse, before: date) -> Dropped:
    """Drops raw records of business days before `before`; facts and heads stay."""
    return _drop_partitions(warehouse, [RAW], before)


def drop_facts(warehouse: Warehouse, before: date) -> Dropped:
    """Drops facts of business days before `before`, with all that they came from: raw, heads,
    rejects and audio. The counts of the days stay, and those in the marts.

    A backfill may land meanwhile: raw never has what heads don't know, or it could not be landed.
    """
    days = [row.day for row in warehouse.rows("maintenance/old_days", before=before)]
    for day in days:
        for _ in refresh_days(warehouse, [day]):
            """The marts have all that there was, if they were behind."""
        warehouse.run("maintenance/expire_day", day=day, streams=audio_streams())
        remove_audio_of_day(warehouse.rows, day, None)
    raw = drop_raw(warehouse, before)
    for day in days:
        for table in SAY_WHERE_AUDIO_IS:
            _expire_with_audio(warehouse, table, day)
        for table in OF_A_DAY:
            in_chunks(warehouse, f"maintenance/expire_{table}", day=day)
    rest = _drop_partitions(warehouse, [f"facts.{name}" for name in facts.TABLES], before)
    return Dropped(raw.dropped + rest.dropped, raw.held + rest.held)


def drop_detached(warehouse: Warehouse) -> Dropped:
    """Drops what was detached for its age before, and is still there: nobody reads it by its table
    any more.
    """
    result = Dropped()
    for parent in (*(f"facts.{name}" for name in facts.TABLES), RAW):
        for name, state in _old(warehouse, parent, date.max):
            if state != "attached":
                _drop_one(warehouse, parent, name, state, result)
    return result


def drop_audio(warehouse: Warehouse, before: date) -> int:
    """Deletes audio of business days before `before`; returns how many files there were."""
    total, streams = 0, audio_streams()
    where = {"before": before, "streams": streams, "most": FILES}
    for some in ("old_audio", "rejected_audio"):
        while rows := warehouse.rows(f"maintenance/{some}", **where):
            total += _drop_audio(warehouse, rows, streams)
    while rows := warehouse.rows("maintenance/asked_audio", **where):
        total += remove_audio_of(rows).total()
        accounts, keys = [row.account for row in rows], [row.record_key for row in rows]
        warehouse.run("maintenance/give_up_audio", accounts=accounts, keys=keys, streams=streams)
    return total


def empty_rejects(warehouse: Warehouse, keep: timedelta) -> int:
    """Takes what rejects hold of records and bodies out of those that are older."""
    return in_chunks(warehouse, "maintenance/empty_rejects", keep=keep)


def in_chunks(warehouse: Warehouse, statement: str, **parameters: object) -> int:
    """A statement that changes `:most` rows at most, until there are none; returns how many."""
    total = 0
    while found := len(warehouse.rows(statement, most=CHUNK, **parameters)):
        total += found
        if found < CHUNK:
            break
    return total


def _expire_with_audio(warehouse: Warehouse, table: str, day: date) -> None:
    """Deletes rows, and audio that came since the day's was deleted: nothing else says where."""
    where = {"day": day, "streams": audio_streams(), "most": CHUNK}

    def some(connection: Connection) -> int:
        rows = execute(connection, f"maintenance/expire_{table}", **where)
        remove_audio_of([row for row in rows if row.has_audio])
        return len(rows)

    while warehouse.in_transaction(some) >= CHUNK:
        """There are more."""


def _drop_audio(warehouse: Warehouse, rows: Sequence[Row[Any]], streams: list[str]) -> int:
    """Deletes the records' files; returns how many there were."""
    counts = remove_audio_of(rows)
    warehouse.run(
        "maintenance/drop_audio",
        dates=[row.call_date for row in rows],
        accounts=[row.account for row in rows],
        keys=[row.record_key for row in rows],
        streams=streams,
    )
    return counts.total() - counts[LOST_AUDIO]


def _drop_partitions(warehouse: Warehouse, parents: list[str], before: date) -> Dropped:
    result = Dropped()
    for parent in parents:
        for name, state in _old(warehouse, parent, before):
            if not _drop_one(warehouse, parent, name, state, result) and state != "detached":
                break  # half detached now: Postgres allows one such partition at a time
    return result


def _drop_one(warehouse: Warehouse, parent: str, name: str, state: str, result: Dropped) -> bool:
    """Whether it is gone; a reader may hold it."""
    try:
        _drop(warehouse, parent, name, state)
    except sa.exc.DBAPIError as error:
        if sqlstate(error) == GONE:
            return True
        if sqlstate(error) not in IN_THE_WAY:
            raise
        result.held.append(name)
        return False
    result.dropped.append(name)
    return True


def _old(warehouse: Warehouse, parent: str, before: date) -> Iterator[tuple[str, str]]:
    for row in warehouse.rows("maintenance/old_partitions", parent=parent, before=before):
        yield row.name, row.state


def _drop(warehouse: Warehouse, parent: str, name: str, state: str) -> None:
    """DETACH … CONCURRENTLY stops no reader, but waits for those who read already: given up, it
    leaves the partition half detached, seen by nobody new, to be finished another night.
    """
    detach = f"ALTER TABLE {parent} DETACH PARTITION {name}"
    if state == "attached":
        _run_for_a_moment(warehouse, f"{detach} CONCURRENTLY")
    with warehouse.transaction() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        if state == "pending":
            connection.exec_driver_sql(f"{detach} FINALIZE")
        connection.exec_driver_sql(f"DROP TABLE {name}")


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
