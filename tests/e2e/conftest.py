"""A dagster of two accounts of one vendor, which began two days ago."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.postgres.warehouse import Warehouse
from resources.standin import StandIn, Tenant
from tests.in_process_dagster import InProcessDagster, open_dagster

TODAY = datetime.now(UTC).date()
START = TODAY - timedelta(days=2)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def tenants(standin: StandIn) -> Mapping[str, Tenant]:
    standin.reset()
    return {name: standin.tenant("conpeek", name, timezone="UTC") for name in ("one", "other")}


@pytest.fixture
def dagster(
    standin: StandIn,
    tenants: Mapping[str, Tenant],
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[InProcessDagster]:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["CALLHOUSE_ACCOUNTS"] = str(tmp_path / "accounts.toml")
    lines = []
    for name, tenant in tenants.items():
        (tmp_path / name).write_text(tenant.token, encoding="utf-8")
        lines += [
            f"[accounts.{name}]", 'vendor = "conpeek"', 'timezone = "UTC"',
            f'base_url = "{standin.url(tenant)}"', f"start_date = {START}",
            f'credentials.token = {{ file = "{tmp_path / name}" }}',
        ]  # fmt: skip
    (tmp_path / "accounts.toml").write_text("\n".join(lines), encoding="utf-8")
    with open_dagster(tmp_path / "home", database_url_with_dagster) as dagster:
        yield dagster


@pytest.fixture
def warehouse(dagster: InProcessDagster, database_url_with_dagster: str) -> Iterator[Warehouse]:
    with closing(Warehouse(database_url_with_dagster)) as warehouse:
        yield warehouse
