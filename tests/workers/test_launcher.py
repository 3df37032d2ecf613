"""What the daemon knows of workers, and what it sends to them: no worker is needed for that."""

import base64
import json
import os
import socket
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import psycopg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.utils import make_new_run_id

from pipelines.local.preflight import where_runs_go
from pipelines.recovery import PROCESS_TAG, process_tags
from pipelines.workers.launcher import WorkersLauncher
from pipelines.workers.leases import Worker, executing
from pipelines.workers.queues import QUEUE_TAG, RETRIES_TAG, SCHEDULE_TAG, Queue, queue_tags
from pipelines.workers.worker import keeps_audio_here
from resources.configuration.broker import broker_url, without_secrets
from resources.configuration.home import BROKER, Home
from resources.embedded.ports import LOOPBACK, free_port
from resources.errors import ConfigurationError
from resources.postgres.warehouse import Warehouse
from tests.unit import helpers
from tests.workers.cluster import Cluster
from tests.workers.redis_server import PASSWORD, RedisServer, needs_redis

YESTERDAY = f"{datetime.now(UTC).date() - timedelta(days=1)}"
HOUR = "interval '1 hour'"
WRITTEN = """
SELECT t::text FROM dagster.run_tags t UNION ALL SELECT t::text FROM dagster.event_logs t
UNION ALL SELECT t::text FROM ops.workers t
"""


@needs_redis
def test_runs_wait_for_workers_and_nothing_tells_of_this_host(
    cluster: Cluster, broker: RedisServer, database_url_with_dagster: str
) -> None:
    """No worker, no slot; one for polls lets a poll go, not a backfill; a dead broker none."""
    launcher = cluster.instance.run_launcher
    assert isinstance(launcher, WorkersLauncher)
    assert where_runs_go(cluster.instance).endswith(f"from redis://127.0.0.1:{broker.port}/0")
    poll = cluster.poll("conpeek")
    backfill = cluster.backfill(["conpeek/dialogs_raw", "conpeek/dialogs"], [YESTERDAY])
    cluster.turn()
    cluster.turn()
    (other,) = cluster.runs_of(backfill)
    assert other.tags.items() >= {QUEUE_TAG: "backfills", RETRIES_TAG: "3"}.items()
    assert cluster.run(poll).status == other.status == dg.DagsterRunStatus.QUEUED

    with closing(Warehouse(database_url_with_dagster, pool_size=1)) as warehouse:
        worker = Worker(warehouse, Queue.POLLS, 1)
        worker.renew()
        assert launcher.slots() == {Queue.POLLS: 1, Queue.BACKFILLS: 0}
        cluster.turn()
        assert cluster.run(poll).status == dg.DagsterRunStatus.STARTING
        assert cluster.run(other.run_id).status == dg.DagsterRunStatus.QUEUED
        with broker.client() as client:
            assert client.llen("backfills") == 0
            (message,) = client.lrange("polls", 0, -1)
        envelope = json.loads(message)
        assert envelope["content-type"] == "application/json"
        assert poll in envelope["headers"]["kwargsrepr"]
        assert launcher.terminate(poll)
        assert cluster.run(poll).status == dg.DagsterRunStatus.CANCELED, "no worker has begun it"
        broker.kill()
        assert launcher.slots() == {Queue.POLLS: 0, Queue.BACKFILLS: 0}
        broker.start()
        with psycopg.connect(database_url_with_dagster) as connection:
            connection.execute(f"UPDATE ops.workers SET expires_at = ops.now() - {HOUR}".encode())
        assert launcher.slots() == {Queue.POLLS: 0, Queue.BACKFILLS: 0}
        worker.renew()
        assert launcher.slots() == {Queue.POLLS: 1, Queue.BACKFILLS: 0}
        worker.end()
        assert launcher.slots() == {Queue.POLLS: 0, Queue.BACKFILLS: 0}

    with psycopg.connect(database_url_with_dagster) as connection:
        written = connection.execute(WRITTEN.encode()).fetchall()
    home = str(Home.from_environment().root)
    body = base64.b64decode(envelope["body"]).decode()
    assert poll in body
    for (row,) in [*written, (message.decode(),), (body,)]:
        assert home not in row
        assert PASSWORD not in row
        assert quote(PASSWORD, safe="") not in row
    assert all(str(Path.cwd()) not in row for (row,) in written)


@needs_redis
def test_a_run_lives_as_long_as_its_process_says_so(
    cluster: Cluster, database_url_with_dagster: str
) -> None:
    launcher = cluster.instance.run_launcher
    run = dg.DagsterRun("conpeek_poll", make_new_run_id(), status=dg.DagsterRunStatus.STARTED)
    cluster.instance.add_run(run)

    def status() -> WorkerStatus:
        return launcher.check_run_worker_health(run).status

    assert status() == WorkerStatus.NOT_FOUND
    with executing(run.run_id) as is_mine:
        assert is_mine
        assert status() == WorkerStatus.RUNNING
        with executing(run.run_id) as is_mine_too:
            assert not is_mine_too
        assert status() == WorkerStatus.RUNNING
        with psycopg.connect(database_url_with_dagster) as connection:
            expire = f"UPDATE ops.worker_runs SET expires_at = ops.now() - {HOUR}"
            connection.execute(expire.encode())
        assert status() == WorkerStatus.FAILED
        with executing(run.run_id) as is_anothers:
            assert is_anothers
            assert status() == WorkerStatus.RUNNING
    assert status() == WorkerStatus.NOT_FOUND
    cluster.turn()
    assert cluster.run(run.run_id).status == dg.DagsterRunStatus.FAILURE, "run monitoring ends it"


@needs_redis
def test_a_pass_s_runs_are_none_of_the_workers(cluster: Cluster) -> None:
    """`callhouse sync` executes them itself, on whatever host: run monitoring lets them be."""
    mine, gone = process_tags(), {PROCESS_TAG: f"{socket.gethostname()} {2**22} 0"}
    elsewhere = {PROCESS_TAG: "another-host 1 0"}
    runs = [
        dg.DagsterRun(
            "conpeek_poll", make_new_run_id(), status=dg.DagsterRunStatus.STARTED, tags=tags
        )
        for tags in (mine, elsewhere, gone)
    ]
    for run in runs:
        cluster.instance.add_run(run)
    cluster.turn()
    assert [cluster.run(run.run_id).status.value for run in runs] == [
        "STARTED",
        "STARTED",
        "FAILURE",
    ]
    assert not cluster.instance.run_launcher.supports_resume_run


def test_what_schedules_ask_for_is_short_and_not_repeated() -> None:
    assert queue_tags({SCHEDULE_TAG: "report"}) == {QUEUE_TAG: "polls"}
    assert queue_tags({}) == {QUEUE_TAG: "backfills", RETRIES_TAG: "3"}
    assert queue_tags({QUEUE_TAG: "polls"}) == {}
    assert queue_tags({RETRIES_TAG: "0"}) == {QUEUE_TAG: "backfills"}


def test_audio_that_other_hosts_would_not_see_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = helpers.account("vono", streams=("recordings",))
    loud = helpers.account("vono", streams=("recordings", "recording_audio"))
    assert keeps_audio_here([quiet, loud])
    assert not keeps_audio_here([quiet])
    monkeypatch.setenv("CALLHOUSE_AUDIO_URL", "s3://bucket/audio")
    assert not keeps_audio_here([quiet, loud])


def test_a_brokers_url_is_checked_and_shown_without_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert broker_url() is None
    monkeypatch.setenv(
        BROKER, "rediss://user:s3cret@broker.example.com:6380/1?ssl_ca_certs=/ca.pem"
    )
    url = broker_url()
    assert url == os.environ[BROKER]
    assert without_secrets(url) == "rediss://broker.example.com:6380/1"
    for wrong in ("amqp://guest:s3cret@host", "redis:///0", "s3cret@host"):
        monkeypatch.setenv(BROKER, wrong)
        with pytest.raises(ConfigurationError) as caught:
            broker_url()
        assert "s3cret" not in str(caught.value)
        assert "redis://" in str(caught.value)


def test_a_worker_that_ends_waits_for_no_database() -> None:
    """Where all of it is stopped, Postgres may be the first."""
    url = f"postgresql://nobody@{LOOPBACK}:{free_port()}/nothing"
    began = time.monotonic()
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        Worker(warehouse, Queue.POLLS, 1).end()
    assert time.monotonic() - began < 10
