"""Checks stay evaluated: at every moment the asset pages show what `ops.findings` says, however
often their assets are materialised. Dagster's own GraphQL, real HTTP, a real Postgres.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from assets.context import Callhouse
from resources.standin import StandIn, Tenant
from resources.warehouse import Warehouse
from tests.site import Site, open_site

TODAY = datetime.now(UTC).date()
START = TODAY - timedelta(days=2)
POLLS = 4
FACTS = "conpeek/dialogs"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture
def tenants(standin: StandIn) -> Mapping[str, Tenant]:
    standin.reset()
    return {name: standin.tenant("conpeek", name, timezone="UTC") for name in ("one", "other")}


@pytest.fixture
def site(
    standin: StandIn,
    tenants: Mapping[str, Tenant],
    database_url_with_dagster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
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
    with open_site(tmp_path / "home", database_url_with_dagster) as site:
        yield site


@pytest.fixture
def warehouse(site: Site, database_url_with_dagster: str) -> Iterator[Warehouse]:
    with closing(Warehouse(database_url_with_dagster)) as warehouse:
        yield warehouse


def call(number: int, **changes: Any) -> dict[str, Any]:
    """Of a moment ago."""
    start = datetime.now(UTC) - timedelta(minutes=10)
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "hangup_time": f"{start + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        "talking_time": 1500,
    } | changes


def wrong(warehouse: Warehouse) -> set[tuple[str, str]]:
    """The checks that have findings."""
    with warehouse.transaction() as connection:
        rows = connection.execute(sa.text("SELECT DISTINCT stream, name FROM ops.findings"))
        return {(row.stream.replace(".", "/"), row.name) for row in rows}


def assert_shown(site: Site, warehouse: Warehouse) -> set[str]:
    """Dagster shows every check of the facts as it stands. Returns the names of the red ones."""
    shown = {key: status for key, status in site.checks().items() if key[0] == FACTS}
    found = wrong(warehouse)
    assert shown == {key: "FAILED" if key in found else "SUCCEEDED" for key in shown}
    assert len(shown) >= 7
    return {name for _, name in found}


def told(site: Site) -> int:
    """How many results of checks Dagster has been told, ever."""
    of_type = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return sum(
        len(site.instance.get_records_for_run(run.run_id, of_type=of_type).records)
        for run in site.instance.get_runs()
    )


def test_checks_stay_evaluated_while_polls_find_something_new(
    site: Site, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    for number in range(POLLS):
        tenants["one"].put([call(number)])
        result = site.poll("conpeek")
        assert len(result.get_asset_materialization_events()) >= 2, (
            "each is a newer materialisation"
        )
        assert assert_shown(site, warehouse) == set()
    count = told(site)
    tenants["one"].put([call(POLLS)])
    site.poll("conpeek")
    assert told(site) == count, "what hasn't changed isn't told again"


def test_a_red_check_stays_red_while_others_load(
    site: Site, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    site.poll("conpeek")
    good, tenants["other"].token = tenants["other"].token, "another"
    for number in range(3):
        tenants["one"].put([call(number)])
        site.poll("conpeek")
        assert assert_shown(site, warehouse) == {"fresh"}
    tenants["other"].token = good
    assets = site.assets("conpeek")
    assert site.ended(site.backfill(assets, [f"{TODAY}"]))["status"] == "COMPLETED_SUCCESS"
    assert assert_shown(site, warehouse) == set(), "a backfill that gets through is proof enough"


def test_a_poll_and_a_backfill_in_each_others_way(
    site: Site, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    """What counts is what was found last, not which run began last."""
    tenants["one"].put([call(1, dialog_type=["EXTERNAL"])])
    assets = site.assets("conpeek")
    site.ended(site.backfill(assets, [f"{TODAY}"]))
    assert "complete" in assert_shown(site, warehouse)
    tenants["one"].put([call(1)])
    site.poll("conpeek")
    assert_shown(site, warehouse)
    site.ended(site.backfill(assets, [f"{TODAY}"]))
    assert assert_shown(site, warehouse) == set()


def test_what_a_run_that_died_left_red_is_cleared_by_the_next_poll(
    site: Site, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.poll("conpeek")
    with monkeypatch.context() as broken:
        broken.setattr(Callhouse, "warehouse", None)
        told = site.ended(site.backfill(site.assets("conpeek"), [f"{TODAY}"]))
    assert told["status"] == "COMPLETED_FAILED"
    assert "EXECUTION_FAILED" in site.checks().values()
    site.poll("conpeek")
    assert assert_shown(site, warehouse) == set()


def test_a_run_says_of_every_check_that_it_planned_how_it_stands(site: Site) -> None:
    site.ended(site.backfill(site.assets("conpeek"), [f"{TODAY}"]))
    (run,) = site.instance.get_runs()
    said = [entry.message for entry in site.instance.all_logs(run.run_id)]
    assert not [message for message in said if "did not yield" in message]
