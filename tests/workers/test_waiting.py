"""What a worker lacks it waits for, and says so: it neither crashes nor takes a run."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from resources.configuration.home import BROKER
from resources.postgres.database import URL
from resources.postgres.migration import migrate
from resources.standin import Tenant
from tests.workers.cluster import Worker
from tests.workers.redis_server import RedisServer, needs_redis

pytestmark = [needs_redis, pytest.mark.long]
PATIENCE_S = 300
VERSIONS = "public.schema_version"


def until(fact: Callable[[], bool], worker: Worker) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not fact():
        assert worker.process.poll() is None, worker.said()
        assert time.monotonic() < deadline, worker.said()
        time.sleep(0.2)


def workers(url: str) -> list[str]:
    """The queues that somebody takes runs from."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT queue FROM ops.workers WHERE expires_at > ops.now() ORDER BY queue"
        )
        return [queue for (queue,) in found]


def test_a_worker_waits_for_what_it_lacks(
    tenants: Mapping[str, Tenant],
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tables, a right accounts file, a broker; and at work for its own tables to come back."""
    accounts = Path(os.environ["CALLHOUSE_ACCOUNTS"])
    right = accounts.read_text(encoding="utf-8")
    accounts.write_text(right.replace('vendor = "vono"', 'vendor = "nobody"'), encoding="utf-8")
    with RedisServer() as broker:
        broker.kill()
        monkeypatch.setenv(URL, empty_database_url)
        monkeypatch.setenv(BROKER, broker.url())
        worker = Worker(tmp_path / "host", ["--concurrency", "1"])

        until(lambda: "Waiting: the warehouse has no tables yet" in worker.said(), worker)
        migrate(empty_database_url)
        until(lambda: "nobody" in worker.said(), worker)
        accounts.write_text(right, encoding="utf-8")
        until(lambda: "Waiting: The broker at" in worker.said(), worker)
        assert workers(empty_database_url) == []
        broker.start()
        until(lambda: workers(empty_database_url) == ["backfills", "polls"], worker)

        with psycopg.connect(empty_database_url) as connection:
            ((version,),) = connection.execute(f"SELECT version_num FROM {VERSIONS}".encode())
            connection.execute(f"UPDATE {VERSIONS} SET version_num = '9999'".encode())
        until(lambda: "the older of the two" in worker.said(), worker)
        assert workers(empty_database_url) == []
        assert not worker.family()[1:], "its processes have ended"
        with psycopg.connect(empty_database_url) as connection:
            connection.execute(f"UPDATE {VERSIONS} SET version_num = %s".encode(), [version])
        until(lambda: workers(empty_database_url) == ["backfills", "polls"], worker)
        worker.stop()
    assert workers(empty_database_url) == []
