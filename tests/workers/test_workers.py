"""Runs on workers: real ones, a real Redis, a real Postgres, and the stand-in vendors."""

import signal
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import psutil
import psycopg
import pytest

from pipelines import definitions
from pipelines.workers.queues import QUEUE_TAG
from resources.postgres.database import URL
from resources.standin import StandIn
from resources.vendors import discover
from tests.workers.cluster import Cluster
from tests.workers.content import HELD, content
from tests.workers.redis_server import RedisServer, needs_redis

pytestmark = needs_redis
TODAY = datetime.now(UTC).date()
DAYS = [f"{TODAY - timedelta(days=ago)}" for ago in (2, 1)]
VENDORS = sorted(discover())
DIALOGS = ["conpeek/dialogs_raw", "conpeek/dialogs"]
STARTED = dg.DagsterRunStatus.STARTED
VERSIONS = "public.schema_version"


@pytest.mark.long
def test_polls_of_all_vendors_and_a_backfill_run_in_warm_processes(
    cluster: Cluster, standin: StandIn, database_url_with_dagster: str
) -> None:
    """Polls and backfills in processes of their own; the second run finds its process there."""
    worker = cluster.worker("--concurrency", "1")
    polls = [cluster.poll(vendor) for vendor in VENDORS]
    backfill = cluster.backfill(DIALOGS, DAYS)
    cluster.until(
        lambda: (
            cluster.has_ended(*polls) and cluster.backfill_status(backfill).startswith("COMPLETED")
        )
    )
    for run_id in polls:
        run = cluster.run(run_id)
        assert run.status == dg.DagsterRunStatus.SUCCESS, cluster.state()
        assert run.tags[QUEUE_TAG] == "polls"
    assert cluster.backfill_status(backfill) == "COMPLETED_SUCCESS"
    (run,) = cluster.runs_of(backfill)
    assert run.tags[QUEUE_TAG] == "backfills"

    processes = {cluster.process_of(run_id) for run_id in polls}
    assert len(processes) == 1, "a process for each run"
    assert cluster.process_of(run.run_id) not in processes
    assert processes < {process.pid for process in worker.pool()}
    with psycopg.connect(database_url_with_dagster) as connection:
        loaded = connection.execute("SELECT DISTINCT account FROM raw.records").fetchall()
        assert {account for (account,) in loaded} == set(VENDORS)
        held = connection.execute(
            "SELECT (SELECT count(*) FROM ops.worker_runs), (SELECT sum(slots) FROM ops.workers)"
        ).fetchone()
        assert held == (0, 2)
    assert standin.breaches == []
    worker.stop(signal.SIGTERM)
    assert "The worker has stopped." in worker.said()


class Backfills:
    """Of the days of a vendor who takes its time."""

    def __init__(self, cluster: Cluster, standin: StandIn, url: str) -> None:
        self._cluster = cluster
        self._standin = standin
        self._url = url
        self.worker = cluster.worker("--queue", "backfills", "--concurrency", "1")

    def begun(self) -> tuple[str, dg.DagsterRun]:
        """A backfill that is asking its vendor; and its run."""
        tenant = self._standin.tenants["conpeek", "conpeek"]
        tenant.latency_s = 5.0
        backfill = self._cluster.backfill(DIALOGS, DAYS)
        asked = len(self._standin.requests)
        self._cluster.until(lambda: len(self._standin.requests) > asked)
        tenant.latency_s = 0.2
        (run,) = self._cluster.runs_of(backfill)
        assert run.status == STARTED
        return backfill, run

    def go_on_slowly(self) -> None:
        """From now on the vendor takes longer than a worker between two looks at the schema."""
        self._standin.tenants["conpeek", "conpeek"].latency_s = 20.0

    def end_well(self, backfill: str, *statuses: str) -> None:
        """Its runs end with these statuses, newest first; nothing is held any more."""
        cluster = self._cluster
        cluster.until(lambda: cluster.backfill_status(backfill).startswith("COMPLETED"))
        assert cluster.backfill_status(backfill) == "COMPLETED_SUCCESS", cluster.state()
        assert [run.status.value for run in cluster.runs_of(backfill)] == list(statuses)
        self.nothing_is_held()

    def nothing_is_held(self) -> None:
        """By any run that is over."""
        self._cluster.until(lambda: self._held() == (0, 0, 0), 60)

    def _held(self) -> tuple[int, ...] | None:
        with psycopg.connect(self._url) as connection:
            return connection.execute(HELD).fetchone()


@pytest.fixture
def backfills(cluster: Cluster, standin: StandIn, database_url_with_dagster: str) -> Backfills:
    return Backfills(cluster, standin, database_url_with_dagster)


@pytest.mark.long
def test_a_run_is_cancelled_and_repeated_wherever_it_is_at_work(
    cluster: Cluster, broker: RedisServer, standin: StandIn, backfills: Backfills
) -> None:
    """Cancelled in the UI: it ends where it is, its process goes on. The broker loses its memory:
    it goes on. Its process is killed, or the whole host: it is repeated.
    """
    _, run = backfills.begun()
    process = cluster.process_of(run.run_id)
    cluster.cancel(run.run_id)
    began = time.monotonic()
    cluster.until(lambda: cluster.has_ended(run.run_id))
    assert cluster.run(run.run_id).status == dg.DagsterRunStatus.CANCELED
    assert time.monotonic() - began < 30
    backfills.nothing_is_held()

    backfill, run = backfills.begun()
    assert cluster.process_of(run.run_id) == process
    broker.kill()
    broker.start()
    backfills.end_well(backfill, "SUCCESS")

    backfill, run = backfills.begun()
    psutil.Process(cluster.process_of(run.run_id)).kill()
    backfills.end_well(backfill, "SUCCESS", "FAILURE")
    assert cluster.runs_of(backfill)[0].parent_run_id == run.run_id

    backfill, _ = backfills.begun()
    backfills.worker.vanish()
    cluster.worker("--queue", "backfills", "--concurrency", "1")
    backfills.end_well(backfill, "SUCCESS", "FAILURE")
    assert standin.breaches == []


@pytest.mark.long
def test_a_worker_that_is_to_end_finishes_its_run_or_has_it_repeated(
    cluster: Cluster, standin: StandIn, backfills: Backfills
) -> None:
    backfill, _ = backfills.begun()
    other = cluster.worker("--queue", "backfills", "--concurrency", "1")
    backfills.worker.stop(signal.SIGINT)
    backfills.end_well(backfill, "SUCCESS", "FAILURE")
    backfill, _ = backfills.begun()
    other.stop(signal.SIGTERM)
    backfills.end_well(backfill, "SUCCESS")
    assert standin.breaches == []


@pytest.mark.long
def test_a_worker_of_another_version_finishes_its_runs_and_lives(
    cluster: Cluster, standin: StandIn, backfills: Backfills, database_url_with_dagster: str
) -> None:
    """The tables are migrated while it executes a run: it isn't ready for another, and no probe
    ends it, neither while it finishes nor while it waits for its own version.
    """
    worker = backfills.worker
    backfill, run = backfills.begun()
    backfills.go_on_slowly()
    cluster.until(lambda: worker.is_well("worker"))
    with psycopg.connect(database_url_with_dagster, autocommit=True) as connection:
        version = connection.execute(f"SELECT version_num FROM {VERSIONS}".encode()).fetchone()
        set_version = f"UPDATE {VERSIONS} SET version_num = %s".encode()
        connection.execute(set_version, ["9999"])
        cluster.until(lambda: not worker.is_well("worker"))
        assert cluster.run(run.run_id).status == STARTED
        looked = worker.looked_at()
        time.sleep(3)
        assert worker.looked_at() > looked
        assert worker.is_well("worker_looks")
        standin.tenants["conpeek", "conpeek"].latency_s = 0.0
        backfills.end_well(backfill, "SUCCESS")
        cluster.until(lambda: "the older of the two" in worker.said())
        assert worker.is_well("worker_looks")
        connection.execute(set_version, version)
    cluster.until(lambda: worker.is_well("worker"))
    assert standin.breaches == []


def test_a_poll_whose_process_is_killed_fails_and_the_next_reads_on(
    cluster: Cluster, standin: StandIn, database_url_with_dagster: str, database_url: str
) -> None:
    """The short form of all this: what is left is what a load leaves that nobody disturbs."""
    tenant = standin.tenants["conpeek", "conpeek"]
    cluster.worker("--queue", "polls", "--concurrency", "1")
    tenant.latency_s = 10.0
    lost = cluster.poll("conpeek")
    cluster.until(lambda: bool(standin.requests))
    psutil.Process(cluster.process_of(lost)).kill()
    tenant.latency_s = 0.0
    with psycopg.connect(database_url_with_dagster, autocommit=True) as connection:
        for leases in ("worker_runs", "reads"):  # a minute passes
            connection.execute(f"UPDATE ops.{leases} SET expires_at = ops.now()".encode())
    cluster.until(lambda: cluster.has_ended(lost))
    assert cluster.run(lost).status == dg.DagsterRunStatus.FAILURE
    again = cluster.poll("conpeek")
    cluster.until(lambda: cluster.has_ended(again))
    assert cluster.run(again).status == dg.DagsterRunStatus.SUCCESS, cluster.state()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, database_url)
        job = definitions.defs().resolve_job_def("conpeek_poll")
        with dg.DagsterInstance.ephemeral() as instance:
            assert job.execute_in_process(instance=instance, tags=cluster.run(again).tags).success
    found, expected = content(database_url_with_dagster, DAYS[-1]), content(database_url, DAYS[-1])
    assert found == expected
    assert found["facts.calls"]
    assert standin.breaches == []
