"""A broker, the stand-in vendors with an account each, and Dagster's daemon."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.standin import StandIn, Tenant
from tests.workers.accounts import write_accounts
from tests.workers.cluster import Cluster, open_cluster
from tests.workers.redis_server import RedisServer

TODAY = datetime.now(UTC).date()
START = TODAY - timedelta(days=3)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def tenants(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Tenant]:
    """One of each vendor, by its name."""
    standin.reset()
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(tmp_path / "accounts.toml"))
    return write_accounts(tmp_path / "accounts.toml", standin, START)


@pytest.fixture
def cluster(
    tenants: Mapping[str, Tenant],
    broker: RedisServer,
    database_url_with_dagster: str,
    tmp_path: Path,
) -> Iterator[Cluster]:
    with open_cluster(tmp_path, database_url_with_dagster, broker.url()) as cluster:
        yield cluster
