"""Three hosts: one with Postgres, Redis and the stand-in vendors, two with workers. They share
nothing else. One's cable is pulled, the other is switched off, and nothing is lost, double or asked
too often.

With CALLHOUSE_TEST_DAYS set to 365 they load a year instead of two weeks; pytest's --timeout has to
be an hour and a half then.
"""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from resources.configuration.home import BROKER
from resources.embedded.ports import LOOPBACK
from resources.postgres.database import DAGSTER_URL, URL
from resources.standin import StandIn, Tenant
from resources.standin.generate import day
from resources.vendors import discover
from tests.workers.accounts import write_accounts
from tests.workers.cluster import CALLHOUSE, Cluster, Worker, open_cluster
from tests.workers.content import content
from tests.workers.hosts import Host, why_not
from tests.workers.redis_server import RedisServer, needs_redis

pytestmark = [
    needs_redis,
    pytest.mark.skipif(why_not() is not None, reason=why_not() or ""),
]
TODAY = datetime.now(UTC).date()
COUNT = int(os.environ.get("CALLHOUSE_TEST_DAYS", "15"))
"""Read before the tests' environment is cleaned."""
SETTLING = 3
"""Younger days than these change still."""
DAYS = [f"{TODAY - timedelta(days=ago)}" for ago in range(COUNT + SETTLING, SETTLING, -1)]
"""Two weeks of days whose records change no more."""
PATIENCE_S = 1200 * max(1, COUNT // 15)
QUIET = (4, 9)
"""Calls of a centre's day: each has details that are asked for one by one."""
VENDORS = sorted(discover())
WITHOUT_LIMITS = """
import itertools
from contextlib import contextmanager
from datetime import UTC, datetime

from resources.http import permits

numbers = itertools.count(1)


@contextmanager
def permit(self, account, stream, report, patience):
    yield permits.Permit(next(numbers), datetime.now(UTC), permits.RequestOutcome())


permits.Limiter.permit = permit
"""


@pytest.fixture
def tenants(
    request: pytest.FixtureRequest,
    standin: StandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Mapping[str, Tenant]]:
    """Whose accounts, and calls, begin with the days, or in the short form today."""
    standin.reset()
    days = COUNT + SETTLING if request.node.get_closest_marker("long") else 0
    start = TODAY - timedelta(days=days)
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(tmp_path / "accounts.toml"))
    monkeypatch.setattr(standin.world, "first_day", start)
    for name in ("WEEKDAY", "WEEKEND"):
        monkeypatch.setattr(day, name, QUIET)
    day.drafts.cache_clear()
    yield write_accounts(tmp_path / "accounts.toml", standin, start)
    day.drafts.cache_clear()


@pytest.fixture
def hosts(
    standin: StandIn, tenants: Mapping[str, Tenant], postgres_url: str
) -> Iterator[tuple[list[Host], RedisServer]]:
    """Two hosts, and the broker that they reach."""
    postgres = sa.make_url(postgres_url).port
    vendors = sa.make_url(standin.base_url).port
    assert postgres
    assert vendors
    with ExitStack() as stack:
        made = [stack.enter_context(Host(number, [postgres], [vendors])) for number in (1, 2)]
        broker = stack.enter_context(RedisServer(*(host.gateway for host in made)))
        yield made, broker


@pytest.fixture
def cluster(
    hosts: tuple[list[Host], RedisServer], database_url_with_dagster: str, tmp_path: Path
) -> Iterator[Cluster]:
    with open_cluster(tmp_path, database_url_with_dagster, hosts[1].url()) as cluster:
        yield cluster


def worker_on(
    host: Host,
    cluster: Cluster,
    broker: RedisServer,
    database_url: str,
    *words: str,
    **environment: str,
) -> Worker:
    """A worker on the host, which reaches Postgres and the broker over its cable."""
    url = database_url.replace(LOOPBACK, host.gateway)
    addresses = {URL: url, DAGSTER_URL: url, BROKER: broker.url(host.gateway)}
    words = ("--concurrency", "2", *words)
    return cluster.worker(*words, prefix=host.prefix, environment=addresses | environment)


def undisturbed(database_url: str, home: Path) -> dict[str, list[str]]:
    """The same days, loaded by one process that nobody disturbs."""
    environment = {**os.environ, URL: database_url, "CALLHOUSE_HOME": str(home)}
    for name in (BROKER, DAGSTER_URL, "DAGSTER_HOME"):
        environment.pop(name, None)
    command = [str(CALLHOUSE), "sync", "--from", DAYS[0], "--to", DAYS[-1]]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return content(database_url, DAYS[-1])


def executes(cluster: Cluster, worker: Worker, run_ids: list[str]) -> bool:
    """Whether the worker is at one of the runs."""
    mine = {process.pid for process in worker.pool()}
    begun = [run_id for run_id in run_ids if cluster.run(run_id).status.value == "STARTED"]
    return any(cluster.process_of(run_id) in mine for run_id in begun)


def test_a_host_executes_runs_that_has_nothing_in_common_with_this_one(
    cluster: Cluster,
    hosts: tuple[list[Host], RedisServer],
    standin: StandIn,
    database_url_with_dagster: str,
) -> None:
    """The short form of what follows."""
    (host, _), broker = hosts
    worker_on(host, cluster, broker, database_url_with_dagster, "--queue", "polls")
    run_id = cluster.poll("conpeek")
    cluster.until(lambda: cluster.has_ended(run_id))
    assert cluster.run(run_id).status.value == "SUCCESS"
    assert {request.tenant for request in standin.requests} == {"conpeek"}
    assert standin.breaches == []


def test_hosts_can_follow_each_other_at_once() -> None:
    """Their cables have one name; something of the one before may still be running there."""
    for _ in range(5):
        with Host(1, [5432], [8000]) as host:
            left = subprocess.Popen([*host.prefix, "sleep", "30"])
            time.sleep(0.1)
            left.kill()
            left.wait()


@pytest.mark.long
def test_a_host_that_is_cut_off_and_another_that_is_gone_change_nothing(
    cluster: Cluster,
    hosts: tuple[list[Host], RedisServer],
    standin: StandIn,
    tenants: Mapping[str, Tenant],
    database_url_with_dagster: str,
    database_url: str,
    tmp_path: Path,
) -> None:
    (near, far), broker = hosts
    workers = [worker_on(h, cluster, broker, database_url_with_dagster) for h in (near, far)]
    for tenant in tenants.values():
        tenant.latency_s = 0.2
    backfills = [cluster.backfill(cluster.assets(vendor), DAYS) for vendor in VENDORS]
    polls = [cluster.poll(vendor) for vendor in VENDORS]

    def runs() -> list[str]:
        return [run.run_id for backfill in backfills for run in cluster.runs_of(backfill)]

    cluster.until(lambda: executes(cluster, workers[0], runs()))
    near.cut()
    cluster.until(lambda: any(cluster.run(run).status.value == "FAILURE" for run in runs()))
    near.mend()
    cluster.until(lambda: executes(cluster, workers[1], runs()))
    workers[1].vanish()
    cluster.until(
        lambda: (
            all(cluster.backfill_status(one).startswith("COMPLETED") for one in backfills)
            and cluster.has_ended(*polls)
        ),
        PATIENCE_S,
    )
    assert {cluster.backfill_status(one) for one in backfills} == {"COMPLETED_SUCCESS"}
    again = [cluster.poll(vendor) for vendor in VENDORS]
    cluster.until(lambda: cluster.has_ended(*again))
    assert {cluster.run(run).status.value for run in again} == {"SUCCESS"}

    assert standin.breaches == []
    for tenant in tenants.values():
        tenant.latency_s = 0.0
    found = content(database_url_with_dagster, DAYS[-1])
    expected = undisturbed(database_url, tmp_path / "undisturbed")
    assert {table: len(rows) for table, rows in found.items()} == {
        table: len(rows) for table, rows in expected.items()
    }
    assert found == expected
    rows = [json.loads(row) for row in found["raw.records"]]
    days = Counter(account for account, _ in {(row["account"], row["call_date"]) for row in rows})
    assert all(days[vendor] > COUNT * 0.7 for vendor in VENDORS), "not all quiet days have calls"


@pytest.mark.long
def test_without_the_limiter_the_vendors_notice(
    cluster: Cluster,
    hosts: tuple[list[Host], RedisServer],
    standin: StandIn,
    database_url_with_dagster: str,
    tmp_path: Path,
) -> None:
    """The same hosts: what isn't seen above is the limiter's doing, and would be noticed."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(WITHOUT_LIMITS, encoding="utf-8")
    for host in hosts[0]:
        path = str(tmp_path / "without")
        worker_on(host, cluster, hosts[1], database_url_with_dagster, PYTHONPATH=path)
    for vendor in VENDORS:
        cluster.backfill(cluster.assets(vendor), DAYS)
        cluster.poll(vendor)
    cluster.until(lambda: len({breach.limit for breach in standin.breaches}) >= 2)
