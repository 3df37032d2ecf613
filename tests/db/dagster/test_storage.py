"""Dagster's storage, straight and through PgBouncer: its schema, its times, its time-outs."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa
from dagster import DagsterRun
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.utils import make_new_run_id

from pipelines.storage import LAID, SCHEMA, PooledStorage, disconnect
from tests.pooler import Pooler, needs_pgbouncer

WAYS = {
    "transactions": {},
    "sessions": {"pool_mode": "session"},
    "options ignored": {"ignore_startup_parameters": "options"},
    "two sessions": {"default_pool_size": "2"},
}
ways = pytest.mark.parametrize(
    "way",
    [
        "straight",
        pytest.param("transactions", marks=needs_pgbouncer),
        *(
            pytest.param(way, marks=[needs_pgbouncer, pytest.mark.long])
            for way in WAYS
            if way != "transactions"
        ),
    ],
)


@pytest.fixture
def url(empty_database_url: str, way: str) -> Iterator[str]:
    """The way to an empty database, which has a zone of its own."""
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(empty_database_url, autocommit=True))
        name = sa.make_url(empty_database_url).database
        admin.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'".encode())
        url = empty_database_url
        if way in WAYS:
            url = stack.enter_context(Pooler(url, **WAYS[way])).url(url)
        yield url
        disconnect(url)


def event(run_id: str) -> EventLogEntry:
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level="info",
        user_message="as the test wants",
        run_id=run_id,
        timestamp=datetime.now(UTC).timestamp(),
        dagster_event=DagsterEvent(DagsterEventType.RUN_START.value, "a_job"),
    )


@ways
def test_everything_is_in_its_schema_and_in_utc(url: str, empty_database_url: str) -> None:
    storage = PooledStorage(url)
    run = storage.run_storage.add_run(DagsterRun("a_job", make_new_run_id()))
    storage.event_log_storage.store_event(event(run.run_id))
    (record,) = storage.run_storage.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    assert abs(record.create_timestamp - datetime.now(UTC)) < timedelta(minutes=1)
    assert [e.user_message for e in storage.event_log_storage.get_logs_for_run(run.run_id)]
    with psycopg.connect(empty_database_url) as admin:
        tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|inf)'"
        found = admin.execute(tables).fetchall()
        assert {schema for schema, _ in found} == {SCHEMA}
        assert {"runs", "event_logs", "instigators", "alembic_version"} <= {t for _, t in found}
        ((created,),) = admin.execute(f"SELECT create_timestamp FROM {SCHEMA}.runs".encode())
        assert abs(created - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


@ways
def test_several_may_open_it_first(url: str) -> None:
    faults: list[BaseException] = []

    def open_it() -> None:
        try:
            PooledStorage(url).run_storage.get_runs()
        except BaseException as fault:  # noqa: BLE001 - shown by the assert
            faults.append(fault)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


@pytest.mark.parametrize("way", ["straight"])
def test_what_a_killed_process_left_half_laid_is_finished(url: str) -> None:
    storage = PooledStorage(url)
    with psycopg.connect(url) as admin:
        admin.execute(f"DELETE FROM {SCHEMA}.kvs WHERE key = '{LAID}'".encode())
        admin.execute(f"DROP TABLE {SCHEMA}.job_ticks, {SCHEMA}.bulk_actions".encode())
    assert PooledStorage(url).schedule_storage.get_ticks("origin", "selector") == []
    assert storage.run_storage.get_backfills() == []


@pytest.mark.parametrize("way", [pytest.param("transactions", marks=needs_pgbouncer)])
def test_the_web_servers_time_out_is_its_own(url: str) -> None:
    """A session's would be that of whoever is lent the session next, such as a load."""
    storage = PooledStorage(url)
    storage.run_storage.optimize_for_webserver(250, pool_recycle=3600, max_overflow=20)
    sleep = sa.text("SELECT pg_sleep(5)")
    with (
        storage.run_storage.connect() as connection,  # type: ignore[attr-defined]
        pytest.raises(sa.exc.OperationalError, match="statement timeout"),
    ):
        connection.execute(sleep)
    with psycopg.connect(url) as other:
        assert other.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert other.execute("SHOW search_path").fetchone() != (SCHEMA,)


@contextmanager
def statements(storage: PooledStorage) -> Iterator[list[str]]:
    """What is asked in the block, as Postgres gets it."""
    asked: list[str] = []
    engine: sa.Engine = storage.run_storage._engine  # type: ignore[attr-defined]

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("way", ["straight"])
def test_the_catalogue_is_asked_once(url: str) -> None:
    """Whether there are columns and indexes that older databases of Dagster lack."""
    PooledStorage(url)
    first = PooledStorage(url)
    first.run_storage.get_run_records(limit=1)
    first.event_log_storage.get_asset_records()
    first.schedule_storage.all_instigator_state()
    with statements(first) as asked:
        for _ in range(3):
            again = PooledStorage(url)
            again.run_storage.get_run_records(limit=1)
            again.event_log_storage.get_asset_records()
            again.schedule_storage.all_instigator_state()
    assert len(asked) == 3 * 4, "runs, assets (two), schedules"
    assert not [text for text in asked if "pg_catalog" in text or "secondary_indexes" in text]
