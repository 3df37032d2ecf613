"""Partitions by day, made ahead and dropped, with analysts at work: nobody waits for anybody."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa

from assets.maintenance import expiry, tasks
from assets.refresh import refresh_days
from resources.postgres.warehouse import Warehouse
from tests.db.facts import DAY, OLD, put, put_call, put_day, put_raw, query
from tests.waiting import wait_until

RAW = "SELECT count(*) FROM raw.records"


REGCLASS = "SELECT to_regclass('raw_partitions.records_20260101') IS NULL"


@contextmanager
def reader(url: str, *queries: str) -> Iterator[psycopg.Connection]:
    """An analyst who has read and hasn't ended the transaction."""
    with psycopg.connect(url) as connection:
        for text in queries:
            connection.execute(text.encode())
        yield connection


def test_partitions_ahead_neither_wait_for_a_reader_nor_block_one(
    loaded: Warehouse, database_url: str
) -> None:
    with reader(database_url, RAW, "SELECT count(*) FROM facts.calls") as analyst:
        began = time.monotonic()
        assert tasks.make_days_ahead(loaded, DAY) == 8
        assert time.monotonic() - began < 2
        assert analyst.execute("SELECT count(*) FROM facts.calls").fetchone() == (3,)
    made = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'facts.calls'::regclass"
    assert query(loaded, made) == [(10,)]


def test_a_day_that_grows_is_analysed_when_it_has_doubled_and_never_by_its_json(
    loaded: Warehouse,
) -> None:
    """At each tenth more, as Postgres would, each row was analysed eleven times over."""
    as_others = (
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
        " AND coalesce('autovacuum_analyze_scale_factor=1' <> ALL(reloptions), true)"
    )
    assert query(loaded, as_others) == []
    with loaded.autocommit.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    known = "SELECT DISTINCT attname FROM pg_stats WHERE schemaname ~ 'partitions$'"
    columns = {row[0] for row in query(loaded, known)}
    assert columns >= {"record_key", "call_id", "disposition", "started_at"}
    assert not columns & {"payload", "attributes"}


def test_retention_drops_raw_and_leaves_facts(loaded: Warehouse) -> None:
    done = expiry.drop_raw(loaded, DAY)
    assert done.dropped == ["raw_partitions.records_20260101", "raw_partitions.records_20260102"]
    assert done.held == []
    assert query(loaded, RAW) == [(1,)]
    assert query(loaded, "SELECT count(*) FROM facts.calls") == [(3,)]
    assert expiry.drop_raw(loaded, DAY).dropped == []


def test_attempts_stay_as_they_were_when_raw_is_gone(loaded: Warehouse) -> None:
    """Called in vain on the first day and then on the second, where the request is now."""
    own: dict[str, Any] = {"account": "acme", "stream": "calls"}
    times = [datetime(2026, 1, day, 10, tzinfo=UTC) for day in (1, 2)]
    with loaded.transaction() as c:
        request = {"grain": "callback_request", "call_date": OLD[1], "attempt_no": 2}
        put_call(c, "again", **request, started_at=times[1])
        for version, (day, at) in enumerate(zip(OLD, times, strict=True), 1):
            payload = f'{{"retry": "{version}", "call_at": "{at}"}}'
            put(c, "raw.records", **own, call_date=day, record_key="again", version=version,
                payload=payload, first_seen_at=at, request_id=1)  # fmt: skip
    attempts = (
        "SELECT attempt_no, requested_at, attempted_at FROM facts.callback_attempts ORDER BY 1"
    )
    expected = [(1, times[0], times[0]), (2, times[0], times[1])]
    for before in (OLD[0], OLD[1], DAY):
        expiry.drop_raw(loaded, before)
        list(refresh_days(loaded, [OLD[1]], always=True))
        assert query(loaded, attempts) == expected, before
    assert query(loaded, RAW) == [(1,)]


def test_attempts_stay_as_they_were_when_raw_goes_before_the_request_moves(
    loaded: Warehouse,
) -> None:
    times = [datetime(2026, 1, day, 10, tzinfo=UTC) for day in (1, 2)]
    request = {"grain": "callback_request", "disposition": "no_answer"}
    with loaded.transaction() as c:
        put_call(c, "again", **request, call_date=OLD[0], attempt_no=1, started_at=times[0])
    list(refresh_days(loaded, OLD, always=True))
    with loaded.transaction() as c:
        c.execute(sa.text("DELETE FROM facts.calls WHERE call_id = 'again'"))
        put_call(c, "again", **request, call_date=OLD[1], attempt_no=2, started_at=times[1])
    attempts = (
        "SELECT call_date, attempt_no, requested_at, attempted_at"
        "  FROM facts.callback_attempts ORDER BY attempt_no"
    )
    for _ in range(2):
        list(refresh_days(loaded, sorted(OLD), always=True))
        assert query(loaded, attempts) == [
            (OLD[1], 1, times[0], times[0]),
            (OLD[1], 2, times[0], times[1]),
        ]


def test_attempts_are_known_as_far_back_as_raw_is_looked_at(loaded: Warehouse) -> None:
    """However often the marts were refreshed on the way."""
    times = [datetime(2026, 1, 1, 10, tzinfo=UTC) + timedelta(days=20 * n) for n in range(3)]
    days = [time.date() for time in times]
    loaded.make_days({*days})
    request = {"grain": "callback_request", "disposition": "no_answer"}
    for number, (day, began) in enumerate(zip(days, times, strict=True), 1):
        with loaded.transaction() as c:
            c.execute(sa.text("DELETE FROM facts.calls WHERE call_id = 'again'"))
            put_call(c, "again", **request, call_date=day, attempt_no=number, started_at=began)
        list(refresh_days(loaded, days, always=True))
    attempts = "SELECT requested_at, attempted_at FROM facts.callback_attempts ORDER BY attempt_no"
    assert query(loaded, attempts) == [
        (times[1], None), (times[1], times[1]), (times[1], times[2]),
    ]  # fmt: skip


def test_two_nights_at_once_fall_over_neither_themselves_nor_the_other(
    warehouse: Warehouse,
) -> None:
    """One that counts as lost, or was started by hand, beside the schedule's."""
    many = [DAY - timedelta(days=ago) for ago in range(1, 25)]
    warehouse.make_days({*many, DAY})
    with warehouse.transaction() as c:
        for day in many:
            put_raw(c, day)
            put_call(c, "1", call_date=day)
            put_day(c, call_date=day)
    with ThreadPoolExecutor(2) as threads:
        nights = [threads.submit(expiry.drop_facts, warehouse, DAY) for _ in range(2)]
        done = [night.result() for night in nights]
    dropped = Counter(name for night in done for name in night.dropped)
    assert set(dropped.values()) <= {1}
    again = expiry.drop_facts(warehouse, DAY)
    assert again.held == []
    left = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'facts.calls'::regclass"
    assert query(warehouse, left) == [(1,)]
    assert query(warehouse, "SELECT count(*) FROM facts.calls") == [(0,)]


def test_a_night_that_finishes_what_another_detaches_gives_way_to_its_drop(
    loaded: Warehouse, database_url: str
) -> None:
    """Both want the partition: this one gets it and waits for the other's snapshot, a deadlock."""
    name = "raw_partitions.records_20260101"
    with reader(database_url, RAW):
        assert expiry.drop_raw(loaded, DAY).held == [name]

    def waits(statement: str) -> bool:
        text = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :it"
        return len(query(loaded, text, it=statement)) == 1

    def drop() -> None:
        with psycopg.connect(database_url) as other:
            other.execute(f"DROP TABLE {name}".encode())

    with ThreadPoolExecutor(2) as threads:
        with reader(database_url, f"LOCK TABLE ONLY {name} IN ACCESS SHARE MODE") as analyst:
            # Both snapshots are as old as this transaction, whatever other databases do.
            (oldest,) = analyst.execute("SELECT pg_current_xact_id()::text").fetchone() or ()
            seen = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
            wait_until(lambda: query(loaded, seen) == [(oldest,)], 60)
            night = threads.submit(expiry.drop_raw, loaded, DAY)
            wait_until(lambda: waits("%FINALIZE"), 2)
            other = threads.submit(drop)
            wait_until(lambda: waits(f"DROP TABLE {name}"), 2)
            time.sleep(1.2)  # it has looked for a deadlock, and isn't the victim
        assert night.result().held == [name]
        other.result()
    assert expiry.drop_raw(loaded, DAY).dropped == ["raw_partitions.records_20260102"]


def test_a_day_that_retention_dropped_can_be_loaded_again(loaded: Warehouse) -> None:
    expiry.drop_raw(loaded, DAY)
    again = Warehouse(loaded.url.render_as_string(hide_password=False))
    again.make_days(set(OLD))
    with again.transaction() as c:
        put_raw(c, OLD[0])
    assert query(again, RAW) == [(2,)]
    again.close()


def test_retention_gives_way_to_a_reader_and_goes_on_another_night(
    loaded: Warehouse, database_url: str
) -> None:
    with reader(database_url, RAW) as analyst:
        waits: list[float] = []
        done: list[expiry.Dropped] = []
        night = threading.Thread(target=lambda: done.append(expiry.drop_raw(loaded, DAY)))
        night.start()
        while night.is_alive():
            began = time.monotonic()
            query(loaded, RAW)
            waits.append(time.monotonic() - began)
            time.sleep(0.1)
        assert (done[0].dropped, done[0].held) == ([], ["raw_partitions.records_20260101"])
        assert max(waits) < 1
        assert analyst.execute(RAW.encode()).fetchone() is not None
    assert query(loaded, RAW) == [(2,)], "half detached: nobody new sees it"
    assert expiry.drop_raw(loaded, DAY).dropped == [
        "raw_partitions.records_20260101",
        "raw_partitions.records_20260102",
    ]
    assert query(loaded, REGCLASS) == [(True,)]


def test_a_half_detached_day_can_be_loaded_again(loaded: Warehouse, database_url: str) -> None:
    with reader(database_url, RAW):
        assert expiry.drop_raw(loaded, DAY).held
    again = Warehouse(database_url)
    again.make_days({OLD[0]})
    with again.transaction() as c:
        put_raw(c, OLD[0])
    assert query(again, RAW) == [(3,)]
    again.close()


def test_a_detached_partition_that_somebody_reads_is_left(
    loaded: Warehouse, database_url: str
) -> None:
    with loaded.autocommit.connect() as c:
        c.execute(
            sa.text("ALTER TABLE raw.records DETACH PARTITION raw_partitions.records_20260101")
        )
    with reader(database_url, "SELECT * FROM raw_partitions.records_20260101"):
        done = expiry.drop_raw(loaded, DAY)
    assert (done.dropped, done.held) == (
        ["raw_partitions.records_20260102"],
        ["raw_partitions.records_20260101"],
    )
