"""The figures for Prometheus: each is what the tables say, and none is made up."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import make_new_run_id
from prometheus_client.parser import text_string_to_metric_families

from pipelines.dagster_home import CONFIGURATION, open_instance, prepare
from pipelines.local.preflight import where_runs_go
from pipelines.metrics.collection import Collection
from pipelines.metrics.families import FAMILIES, PREFIX
from resources.configuration.home import BROKER, Home
from resources.postgres.warehouse import Warehouse
from tests.db.facts import put

ACCOUNTS = """
[accounts.acme]
vendor = "wolkvox"
base_url = "https://wv1.wolkvox.com"
start_date = {start}
streams = ["calls"]
licenses = 2
timezone = "UTC"
credentials = {{ token = {{ env = "NOT_HERE" }} }}

[accounts.globex]
vendor = "evolux"
base_url = "https://globex.example.com"
start_date = {start}
streams = ["calls", "call_details"]
timezone = "UTC"
credentials = {{ token = {{ env = "NOT_HERE" }} }}

[accounts.later]
vendor = "vono"
base_url = "https://vono.example.com"
start_date = {later}
credentials = {{ token = {{ env = "NOT_HERE" }}, key = {{ env = "NOT_HERE" }} }}
"""
CREDENTIAL = "0123456789abcdef" * 4
Labels = frozenset[tuple[str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("CALLHOUSE_HOME", str(tmp_path))
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(tmp_path / "accounts.toml"))
    today = datetime.now(UTC).date()
    text = ACCOUNTS.format(start=today - timedelta(days=9), later=today + timedelta(days=9))
    (tmp_path / "accounts.toml").write_text(text, encoding="utf-8")
    return Home.from_environment()


@pytest.fixture
def instance(
    home: Home, database_url_with_dagster: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """One whose runs go to workers."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setenv(BROKER, "redis://127.0.0.1:1/0")
    prepare(home, database_url_with_dagster)
    with open_instance() as instance:
        yield instance


@pytest.fixture
def collection(
    home: Home, instance: DagsterInstance, database_url_with_dagster: str
) -> Iterator[Collection]:
    with closing(Warehouse(database_url_with_dagster, pool_size=1)) as warehouse:
        yield Collection(home, warehouse, instance)


def figures(collection: Collection) -> dict[tuple[str, Labels], float]:
    """Every sample by its name without the prefix, and its labels."""
    text = collection.text().decode()
    return {
        (sample.name.removeprefix(PREFIX), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(**labels: str) -> Labels:
    return frozenset(labels.items())


CALLS = {"vendor": "wolkvox", "account": "acme", "stream": "calls"}
OTHERS = {"vendor": "evolux", "account": "globex", "stream": "calls"}
DETAILS = {"vendor": "evolux", "account": "globex", "stream": "call_details"}
OF_ACME = {"vendor": "wolkvox", "account": "acme"}


def test_figures_are_what_the_tables_say(collection: Collection, home: Home) -> None:
    with collection._warehouse.transaction() as c:
        _fill(c)
    found = figures(collection)
    for (name, of), value in _expected().items():
        passes = 30 if name.endswith("seconds") else 0
        assert found.get((name, of)) == pytest.approx(value, abs=passes), (name, dict(of))
    # Details that no record has yet aren't late, and who begins next week isn't either.
    never = {of for name, of in found if name == "last_success_timestamp_seconds"}
    assert never == {labels(**CALLS), labels(**OTHERS)}
    assert {name for name, _ in found} <= FAMILIES.keys()


def _fill(c: sa.Connection) -> None:
    now = datetime.now(UTC)
    today = now.date()
    put(c, "ops.streams", account="acme", stream="calls", vendor="wolkvox", failures=2,
        last_success_at=now - timedelta(minutes=7))  # fmt: skip
    put(c, "ops.streams", account="globex", stream="calls", vendor="evolux", stopped_at=now,
        stopped_key="x")  # fmt: skip
    for ago, state in ((1, "open"), (2, "failed"), (3, "settling"), (4, "complete"), (0, "open")):
        put(c, "ops.days", account="acme", stream="calls", state=state,
            call_date=today - timedelta(days=ago),
            doubted_since=today if state == "failed" else None)  # fmt: skip
    for number, resolved in ((1, None), (2, now)):
        put(c, "ops.rejects", account="acme", stream="calls", call_date=today, record_key=number,
            digest="0" * 32, field="start", reason="none", payload="{}",
            resolved_at=resolved)  # fmt: skip
    for minutes, error in ((1, None), (2, None), (3, "HTTP 500"), (20, None)):
        put(c, "ops.requests", account="acme", stream="calls", report="cdr_1", backfill=False,
            requested_at=now - timedelta(minutes=minutes), duration_s=2, error=error)  # fmt: skip
    put(c, "ops.permits", id=9, credential=CREDENTIAL, account="acme", stream="calls",
        report="cdr_1", backfill=False, lease_s=60, counts_s=0, granted_at=now,
        expires_at=now + timedelta(minutes=1))  # fmt: skip
    put(c, "ops.holds", credential=CREDENTIAL, since=now, until=now + timedelta(minutes=4))
    put(c, "ops.waiters", credential=CREDENTIAL, account="acme", stream="calls", report="cdr_1",
        holder="a", backfill=True, away=False, reason="spacing", since=now - timedelta(minutes=5),
        looked_at=now, ready_at=now, expected_at=now,
        expires_at=now + timedelta(minutes=1))  # fmt: skip
    put(c, "ops.quotas", bucket="acme", day=today, used=2000, by_backfill=300)
    put(c, "ops.quotas", bucket="gone", day=today, used=5)
    put(c, "ops.stale_days", call_date=today, stale_since=now - timedelta(minutes=3))
    for worker, minutes in (("a", 1), ("b", 1), ("lost", -1)):
        put(c, "ops.workers", worker=worker, host="h", queue="polls", slots=4, version="0.1.0",
            began_at=now, expires_at=now + timedelta(minutes=minutes))  # fmt: skip
        put(c, "ops.worker_runs", run_id=worker, host="h", began_at=now,
            expires_at=now + timedelta(minutes=minutes))  # fmt: skip
    put(c, "ops.backfills", account="acme", stream="calls", run_id="a", windows=10, done=4, days=20,
        first_day=today - timedelta(days=20), last_day=today, turn_s=0,
        started_at=now - timedelta(hours=1), seen_at=now)  # fmt: skip


def _expected() -> dict[tuple[str, Labels], float]:
    """The figures of these rows. Of the nine days gone by four are known."""
    asked = OF_ACME | {"report": "cdr_1", "kind": "poll"}
    waiting = OF_ACME | {"report": "cdr_1", "kind": "backfill", "reason": "spacing"}
    quota = {"vendor": "wolkvox", "operation": "acme"}
    days = {"open": 1, "failed": 1, "settling": 1, "complete": 1, "unread": 5}
    then = (datetime.now(UTC) - timedelta(minutes=7)).timestamp()
    return {
        ("up", labels(part="warehouse")): 1,
        ("up", labels(part="dagster")): 1,
        ("settings_faults", labels()): 0,
        ("accounts", labels(vendor="wolkvox")): 1,
        ("accounts", labels(vendor="vono")): 1,
        ("poll_interval_seconds", labels(**OF_ACME)): 300,
        ("last_success_timestamp_seconds", labels(**CALLS)): then,
        ("last_success_timestamp_seconds", labels(**OTHERS)): 0,
        ("failed_polls", labels(**CALLS)): 2,
        ("stopped", labels(**CALLS)): 0,
        ("stopped", labels(**OTHERS)): 1,
        **{("days", labels(**CALLS, state=state)): count for state, count in days.items()},
        ("days", labels(**OTHERS, state="unread")): 9,
        ("days", labels(**DETAILS, state="unread")): 9,
        ("doubted_days", labels(**CALLS)): 1,
        ("rejects", labels(**CALLS)): 1,
        ("recent_requests", labels(**asked, result="ok")): 2,
        ("recent_requests", labels(**asked, result="error")): 1,
        ("recent_request_seconds", labels(**asked, result="ok")): 4,
        ("requests_in_flight", labels(**OF_ACME, credential=CREDENTIAL[:8])): 1,
        ("credential_paused_seconds", labels(credential=CREDENTIAL[:8])): 240,
        ("waiting_requests", labels(**waiting)): 1,
        ("longest_wait_seconds", labels(**waiting)): 300,
        ("quota_used_requests", labels(**quota)): 2000,
        ("quota_backfill_requests", labels(**quota)): 300,
        ("quota_limit_requests", labels(**quota)): 2000,
        ("quota_exhausted", labels(**quota)): 1,
        ("backfill_days", labels(**CALLS)): 20,
        ("backfill_days_read", labels(**CALLS)): 8,
        ("workers", labels(queue="polls", version="0.1.0")): 2,
        ("worker_slots", labels(queue="polls")): 8,
        ("worker_slots", labels(queue="backfills")): 0,
        ("worker_runs", labels()): 2,
        ("marts_stale_days", labels()): 1,
        ("marts_behind_seconds", labels()): 180,
    }


def test_runs_are_counted_from_dagsters_storage(
    collection: Collection, instance: DagsterInstance
) -> None:
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="pipelines"))
    origin = RemoteRepositoryOrigin(location, "callhouse").get_job_origin("vono_poll")

    def run(status: DagsterRunStatus) -> DagsterRun:
        return instance.add_run(
            DagsterRun("vono_poll", make_new_run_id(), status=status, remote_job_origin=origin)
        )

    for status in (DagsterRunStatus.QUEUED, DagsterRunStatus.QUEUED, DagsterRunStatus.STARTED):
        run(status)
    done = run(DagsterRunStatus.STARTING)
    for event in (dg.DagsterEventType.RUN_START, dg.DagsterEventType.RUN_SUCCESS):
        instance.report_dagster_event(dg.DagsterEvent(event.value, "vono_poll"), done.run_id)
    found = figures(collection)
    assert found["runs", labels(job="vono_poll", status="QUEUED")] == 2
    assert found["runs", labels(job="vono_poll", status="STARTED")] == 1
    assert found["recent_runs", labels(job="vono_poll", status="SUCCESS")] == 1
    for name in ("recent_run_seconds", "recent_run_wait_seconds"):
        for statistic in ("median", "max"):
            assert 0 <= found[name, labels(job="vono_poll", statistic=statistic)] < 60
    assert 0 <= found["oldest_queued_run_seconds", labels(job="vono_poll")] < 60


def test_where_runs_go_elsewhere_nobody_is_missed(
    home: Home, database_url_with_dagster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is there, for other things; Dagster was told to launch runs otherwise."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    own = home.root / "dagster-of-our-own"
    own.mkdir()
    (own / CONFIGURATION.name).write_bytes(CONFIGURATION.read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    monkeypatch.setenv(BROKER, "redis://127.0.0.1:1/0")
    prepare(home, database_url_with_dagster)
    with (
        open_instance() as instance,
        closing(Warehouse(database_url_with_dagster, pool_size=1)) as warehouse,
    ):
        assert where_runs_go(instance).startswith("not by workers")
        found = {name for name, _ in figures(Collection(home, warehouse, instance))}
    assert "marts_stale_days" in found
    assert not found & {"workers", "worker_slots", "worker_runs"}


def test_a_launcher_that_cannot_be_made_hides_no_other_figures(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: DagsterInstance) -> None:
        raise ImportError("a launcher of our own")

    monkeypatch.setattr(DagsterInstance, "run_launcher", property(fail))
    found = figures(collection)
    assert found["up", labels(part="warehouse")] == 0
    assert found["up", labels(part="dagster")] == 1


def test_a_part_that_does_not_answer_has_no_figures(
    collection: Collection, home: Home, instance: DagsterInstance
) -> None:
    home.accounts.write_text("[accounts.acme]\nvendor = 'wolkvox'\n", encoding="utf-8")
    nowhere = Warehouse("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1)
    found = figures(Collection(home, nowhere, instance))
    assert found["up", labels(part="warehouse")] == 0
    assert found["up", labels(part="dagster")] == 1
    assert found["settings_faults", labels()] > 0
    assert not {name for name, _ in found} & {"days", "rejects", "marts_stale_days", "accounts"}
