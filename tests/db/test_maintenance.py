"""The night's work, with analysts at theirs: nobody waits for anybody."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa

import sql.catalog
from assets.maintenance import expiry, tasks
from assets.maintenance.asset import CHECK, KEY, maintenance_asset
from assets.maintenance.old_runs import RETENTION, prune_runs
from assets.refresh import refresh_days, refresh_marts
from resources.audio import AudioStore, place_of
from resources.configuration import retention
from resources.configuration.retention import Retention
from resources.errors import ConfigurationError
from resources.postgres.warehouse import Warehouse
from sql import facts
from tests.db.facts import DAY, put, put_call, put_day, query
from tests.own_warehouse import OwnWarehouse
from tests.unit import helpers
from tests.waiting import wait_until

RAW = "SELECT count(*) FROM raw.records"
OLD = [date(2026, 1, 1), date(2026, 1, 2)]
REGCLASS = "SELECT to_regclass('raw_partitions.records_20260101') IS NULL"


@contextmanager
def reader(url: str, *queries: str) -> Iterator[psycopg.Connection]:
    """An analyst who has read and hasn't ended the transaction."""
    with psycopg.connect(url) as connection:
        for text in queries:
            connection.execute(text.encode())
        yield connection


def put_raw(connection: sa.Connection, day: date) -> None:
    own = {"account": "acme", "stream": "calls", "record_key": f"{day}"}
    record = {"payload": "{}", "first_seen_at": datetime.now(UTC), "request_id": 1}
    put(connection, "raw.records", call_date=day, version=1, **own, **record)


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    """Raw records of two old days and a new one."""
    warehouse.make_days({*OLD, DAY})
    with warehouse.transaction() as c:
        for day in (*OLD, DAY):
            put_raw(c, day)
            put_call(c, "1", call_date=day)
    return warehouse


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


OWN = {"account": "acme", "stream": "calls"}
LIMITED = {"credential": "c", "report": "r", "backfill": False, **OWN}
NAMED_IN = {
    "requests": "report", "rejects": "record_key", "quotas": "bucket", "details": "record_key",
    "backfills": "run_id", "permits": "report", "holds": "credential", "waiters": "report",
    "reads": "run_id", "workers": "worker", "worker_runs": "run_id",
}  # fmt: skip
"""The column of each ledger that tells these tests' rows apart."""


def put_ledgers(c: sa.Connection, name: str, at: datetime, over: bool = True) -> None:
    """A row of every ledger, known by `name`, about what was at `at`."""
    digest, first = f"00000000-0000-0000-0000-{at:%Y%m%d%H%M}", {"first_seen_at": at}
    known = LIMITED | {"credential": name, "report": name}
    request = {"backfill": False, "requested_at": at, "duration_s": 1, "report": name, **OWN}
    put(c, "ops.requests", **request)
    put(c, "ops.rejects", call_date=DAY, field="f", reason="r", payload="{}", record_key=name,
        digest=digest, resolved_at=at if over else None, **first, **OWN)  # fmt: skip
    put(c, "ops.quotas", bucket=name, day=at.date())
    put(c, "ops.details", record_key=name, call_date=at.date(), attempts=1, **OWN)
    if over:
        put(c, "raw.heads", record_key=name, call_date=at.date(), version=1, digest=digest,
            observed_at=at, **first, **OWN)  # fmt: skip
    put(c, "ops.backfills", run_id=name, windows=2, days=2, first_day=at.date(),
        last_day=at.date(), turn_s=1, started_at=at, seen_at=at, **OWN)  # fmt: skip
    put(c, "ops.permits", id=int(at.timestamp()), lease_s=15, counts_s=300,
        granted_at=at, expires_at=at, **known)  # fmt: skip
    put(c, "ops.holds", credential=name, since=at, until=at)
    put(c, "ops.waiters", holder=name, away=False, reason="rate", since=at, looked_at=at,
        ready_at=at, expected_at=at, expires_at=at, **known)  # fmt: skip
    put(
        c,
        "ops.reads",
        run_id=name,
        days=[],
        live=True,
        holder="h",
        began_at=at,
        expires_at=at,
        **OWN,
    )
    lease = {"host": "h", "began_at": at, "expires_at": at}
    put(c, "ops.workers", worker=name, queue="polls", slots=1, version="0", **lease)
    put(c, "ops.worker_runs", run_id=name, **lease)


def test_ledgers_lose_what_is_old_and_over(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "CHUNK", 2)
    now = datetime.now(UTC)
    old = now - timedelta(days=91)
    with warehouse.transaction() as c:
        for number in range(5):
            put_ledgers(c, f"old {number}", old - timedelta(seconds=number))
        put_ledgers(c, "open", old - timedelta(minutes=1), over=False)
        put_ledgers(c, "new", now)
    deleted = tasks.prune(warehouse, timedelta(days=90))
    stays = {"rejects", "details"}
    assert deleted == {ledger: 5 if ledger in stays else 6 for ledger in tasks.LEDGERS}
    for ledger, column in NAMED_IN.items():
        left = {name for (name,) in query(warehouse, f"SELECT {column} FROM ops.{ledger}")}
        assert left == ({"new", "open"} if ledger in stays else {"new"}), ledger


def test_every_table_of_ops_is_pruned_or_does_not_grow() -> None:
    """The others have a row an account, a day or an object, or lose theirs when it is over."""
    small = {"days", "streams", "findings", "stale_days", "objects", "settings",
             "suppressed", "suppressed_records", "erasures", "accounts", "holidays", "locks",
             "field_faults", "unstable_fields", "known_batches"}  # fmt: skip
    tables = {name.removeprefix("ops.") for name in sql.catalog.tables() if name[:4] == "ops."}
    assert tables == small | set(tasks.LEDGERS)


def test_retention_is_a_whole_number_of_days() -> None:
    read = Retention.from_environment
    assert read({}) == Retention(ledger=90)
    assert read({retention.RAW: " 30 ", retention.LEDGER: "7"}) == Retention(raw=30, ledger=7)
    # What facts are made of doesn't outlive them.
    with_facts = read({retention.FACTS: "30", retention.AUDIO: "60"})
    assert (with_facts.raw, with_facts.facts, with_facts.audio) == (30, 30, 30)
    assert read({retention.RAW: "365000"}).raw == 365_000
    for wrong in ("0", "-1", "30d", "1.5", "365001", "9" * 5000):
        with pytest.raises(ConfigurationError, match=retention.REJECTS):
            read({retention.REJECTS: wrong})


def test_facts_go_with_all_they_came_from_and_the_counts_stay(
    loaded: Warehouse, tmp_path: Path
) -> None:
    audio = tmp_path / "a.mp3"
    audio.write_bytes(b"ID3")
    own = {"account": "acme", "stream": "calls", "call_date": OLD[0]}
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with loaded.transaction() as c:
        for day in (*OLD, DAY):
            put_day(c, account="acme", call_date=day, state="settling", raw_records=1, facts=1)
        put(c, "raw.heads", record_key="1", version=1, digest=f"{1:032}", observed_at=at,
            first_seen_at=at, **own)  # fmt: skip
        put(c, "ops.rejects", digest=f"{1:032}", field="f", reason="r", payload="{}", **own)
        put(c, "facts.recordings", recording_id="1", vendor="vono", started_at=at,
            audio_uri=audio.as_uri(), **own)  # fmt: skip
        c.exec_driver_sql("UPDATE facts.calls SET caller_key = 'ana'")
    list(refresh_days(loaded, [*OLD, DAY], always=True))
    with loaded.transaction() as c:
        for day in (*OLD, DAY):
            attempt = {"call_id": "1", "attempt_no": 1, "is_last": True, "outcome": "answered"}
            put(c, "facts.callback_attempts", vendor="x", **attempt, **own | {"call_date": day})
    marts = "SELECT call_date, calls FROM marts.calls_by_day ORDER BY 1"
    before = query(loaded, marts)
    assert len(before) == 3
    again = "SELECT call_date, callers, called_within_7_days FROM marts.repeat_callers_by_day"
    assert query(loaded, f"{again} ORDER BY 1") == [(OLD[0], 1, 0), (OLD[1], 1, 1), (DAY, 1, 0)]
    done = expiry.drop_facts(loaded, OLD[1])
    assert sorted(done.dropped) == sorted(
        [
            *(f"facts_partitions.{name}_20260101" for name in facts.TABLES),
            "raw_partitions.records_20260101",
        ]
    )
    assert not audio.exists()
    for table in ("raw.heads", "ops.rejects"):
        assert query(loaded, f"SELECT count(*) FROM {table}") == [(0,)]
    assert query(loaded, "SELECT count(*) FROM facts.calls") == [(2,)]
    for of_persons in ("marts.callers_by_day", "facts.callback_attempts"):
        left = f"SELECT call_date FROM {of_persons} ORDER BY 1"
        assert query(loaded, left) == [(OLD[1],), (DAY,)], of_persons
    # Who called on a day that is gone nobody knows.
    assert query(loaded, f"{again} ORDER BY 1") == [(OLD[1], 1, None), (DAY, 1, 0)]
    # Whatever says that the marts are behind, and whoever asks for them: they keep their totals.
    loaded.run("maintenance/mark_all_stale", marts=["calls_by_day"])
    refresh_marts(loaded)
    list(refresh_days(loaded, [OLD[0]], always=True))
    assert query(loaded, marts) == before
    # With what was in no table but that of rejects, as it had no key.
    days = "SELECT call_date, raw_records, facts, rejects, expired_at IS NOT NULL FROM ops.days"
    assert query(loaded, f"{days} ORDER BY 1") == [
        (OLD[0], 2, 1, 1, True), (OLD[1], 1, 1, 0, False), (DAY, 1, 1, 0, False),
    ]  # fmt: skip
    unsettled = loaded.rows("plan/unsettled_days", account="acme", stream="calls", first=OLD[0],
                            last=OLD[1], now=loaded.now())  # fmt: skip
    assert [row.call_date for row in unsettled] == [OLD[1]], "it isn't read again by itself"
    assert expiry.drop_facts(loaded, OLD[1]).dropped == []


def test_audio_goes_and_is_known_to_have_been_fetched(loaded: Warehouse, tmp_path: Path) -> None:
    files = [tmp_path / "old.mp3", tmp_path / "new.mp3"]
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with loaded.transaction() as c:
        for file, day in zip(files, (OLD[0], DAY), strict=True):
            file.write_bytes(b"ID3")
            own = {"account": "acme", "call_date": day}
            put(c, "facts.recordings", recording_id="1", vendor="vono", stream="recordings",
                started_at=at + (day - OLD[0]), audio_uri=file.as_uri(), **own)  # fmt: skip
            put(c, "raw.records", stream="recording_audio", record_key="1", version=1,
                payload=json.dumps({"audio_uri": file.as_uri()}), first_seen_at=at, request_id=1,
                **own)  # fmt: skip
    list(refresh_days(loaded, [OLD[0], DAY], always=True))
    assert expiry.drop_audio(loaded, DAY) == 1
    assert [file.exists() for file in files] == [False, True]
    assert refresh_marts(loaded) == [OLD[0]]
    kept = "SELECT call_date, recordings, fetched FROM marts.recordings_by_day ORDER BY 1"
    assert query(loaded, kept) == [(OLD[0], 1, 0), (DAY, 1, 1)]
    left = "SELECT call_date, audio_uri FROM facts.recordings ORDER BY 1"
    assert query(loaded, left) == [(OLD[0], None), (DAY, files[1].as_uri())]
    raw = "SELECT call_date FROM raw.records WHERE stream = 'recording_audio'"
    assert query(loaded, raw) == [(DAY,)]


def test_audio_of_what_is_rejected_now_goes_once(
    loaded: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says any more where it is, as raw is gone: in the place that its head's day gives."""
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", str(tmp_path))
    monkeypatch.setattr(expiry, "FILES", 1)
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    files = [tmp_path / place_of("acme", OLD[0], key) for key in "123"]
    with loaded.transaction() as c:
        for file, key in zip(files, "123", strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"ID3")
            own = {"account": "acme", "record_key": key, "digest": f"{1:032}"}
            put(c, "raw.heads", stream="recording_audio", call_date=OLD[0], version=1,
                observed_at=at, first_seen_at=at, **own)  # fmt: skip
            put(c, "ops.rejects", stream="recordings", call_date=OLD[1], field="f", reason="r",
                payload="{}", **own)  # fmt: skip
    assert expiry.drop_audio(loaded, DAY) == 3
    assert not any(file.exists() for file in files)
    monkeypatch.setattr(AudioStore, "remove_of", lambda *_: pytest.fail("it is known to be gone"))
    assert expiry.drop_audio(loaded, DAY) == 0


def test_rejects_lose_what_they_hold_and_stay(warehouse: Warehouse) -> None:
    now = datetime.now(UTC)
    with warehouse.transaction() as c:
        for number, age in enumerate((1, 40)):
            put(c, "ops.rejects", call_date=DAY, field="f", reason="r", record_key=str(number),
                digest=f"{number:032}", payload='{"caller": "+56987654321"}',
                first_seen_at=now - timedelta(days=age), **OWN)  # fmt: skip
    assert expiry.empty_rejects(warehouse, timedelta(days=30)) == 1
    assert expiry.empty_rejects(warehouse, timedelta(days=30)) == 0
    held = "SELECT record_key, payload::text LIKE '%56%' FROM ops.rejects ORDER BY 1"
    assert query(warehouse, held) == [("0", True), ("1", False)]


def test_the_last_day_is_the_accounts_own(warehouse: Warehouse) -> None:
    now = datetime(2026, 3, 11, 8, tzinfo=UTC)
    far = {"state": "open", "timezone": "America/Bogota"}
    with warehouse.transaction() as c:
        put_day(c, account="warsaw-failed", state="failed", note="the vendor said no")
        put_day(c, account="warsaw-settling", state="settling")
        put_day(c, account="bogota-not-yet", **far)
        put_day(c, account="bogota-not-yet", call_date=DAY - timedelta(days=1))
        put_day(c, account="bogota", call_date=DAY - timedelta(days=1), **far)
        put_day(c, account="gone", state="failed")
    accounts = [
        helpers.account("evolux", name=name, streams=("calls",), timezone=ZoneInfo(zone))
        for name, zone in (
            ("warsaw-failed", "Europe/Warsaw"),
            ("warsaw-settling", "Europe/Warsaw"),
            ("bogota-not-yet", "America/Bogota"),
            ("bogota", "America/Bogota"),
        )
    ]
    assert tasks.unfinished(warehouse, accounts, now) == [
        "warsaw-failed calls 2026-03-10: failed (the vendor said no)",
        "bogota calls 2026-03-09: open",
    ]


def test_a_day_that_nobody_read_is_not_read_whole(warehouse: Warehouse) -> None:
    """It has no row; one of details has one only where its parents have any."""
    now = datetime(2026, 3, 11, 8, tzinfo=UTC)
    down, new = (
        helpers.account("evolux", name=name, timezone=ZoneInfo("UTC"), start_date=start)
        for name, start in (("down", DAY), ("new", now.date()))
    )
    with warehouse.transaction() as c:
        put(
            c, "ops.streams", vendor="evolux", account="down", stream="calls", last_error="HTTP 500"
        )
    assert tasks.unfinished(warehouse, [down, new], now) == [
        "down calls 2026-03-10: not read (HTTP 500)"
    ]


def run(asset: dg.AssetsDefinition, url: str, **options: Any) -> dg.ExecuteInProcessResult:
    return dg.materialize([asset], resources={"callhouse": OwnWarehouse(url=url)}, **options)


def test_the_night_tells_what_it_did(
    loaded: Warehouse, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(retention.RAW, "30")
    result = run(maintenance_asset(set()), database_url)
    [materialization] = result.asset_materializations_for_node(result.all_node_events[0].node_name)
    figures = {name: value.value for name, value in materialization.metadata.items()}
    assert materialization.asset_key == KEY
    assert figures["raw_days_dropped"] == 3
    assert figures["days_ahead"] == 8
    [check] = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == (CHECK, True)


def test_the_night_judges_an_account_that_has_lost_its_token(
    warehouse: Warehouse, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        "[accounts.acme]\nvendor = 'conpeek'\nbase_url = 'https://x.example'\n"
        "start_date = 2026-03-10\ncredentials.token = { file = '/nowhere' }",
        encoding="utf-8",
    )
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    [check] = run(maintenance_asset(set()), database_url).get_asset_check_evaluations()
    assert not check.passed
    assert "acme dialogs" in str(check.description)


def test_a_step_that_fails_keeps_no_other_from_its_work(
    loaded: Warehouse, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(retention.RAW, "for ever")
    result = run(maintenance_asset(set()), database_url, raise_on_error=False)
    assert not result.success
    ahead = datetime.now(UTC).date() + timedelta(days=tasks.DAYS_AHEAD)
    made = f"SELECT to_regclass('facts_partitions.calls_{ahead:%Y%m%d}') IS NOT NULL"
    assert query(loaded, made) == [(True,)]


def test_old_polls_go_but_for_the_last_word_on_a_day() -> None:
    days = dg.StaticPartitionsDefinition(["1", "2"])

    @dg.asset(partitions_def=days)
    def calls() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        runs = [
            dg.materialize([calls], partition_key=day, instance=instance).run_id
            for day in ("1", "1", "2")
        ]
        [record] = instance.get_run_records(dg.RunsFilter(run_ids=runs[:1]))
        job = {record.dagster_run.job_name}
        now = datetime.now(UTC)
        assert prune_runs(instance, now, job) == 0
        later = now + RETENTION + timedelta(days=1)
        assert prune_runs(instance, later, {"another"}) == 0
        assert prune_runs(instance, later, job, budget_s=0) == 0
        assert prune_runs(instance, later, job) == 1
        assert {r.run_id for r in instance.get_runs()} == set(runs[1:])
        assert instance.get_materialized_partitions(calls.key) == {"1", "2"}
