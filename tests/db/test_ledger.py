"""What the UI is told of requests and quotas, tick after tick, without a run."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from assets.ledger import CHECK, KEY, quota_check
from assets.resource import CallhouseResource
from pipelines.sensors import requests
from resources.postgres.warehouse import Warehouse
from tests.db.facts import put

NAMES = {"acme": "wolkvox", "other": "conpeek"}


@pytest.fixture
def hour() -> datetime:
    """The full hour that is over."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts.toml"
    entries = [
        f"[accounts.{name}]\nvendor = '{vendor}'\nbase_url = 'https://x.example'\n"
        f"timezone = 'UTC'\nstart_date = 2026-03-01\n"
        f"credentials.token.env = 'A_TOKEN'\nlimits.reserve = 0\n"
        for name, vendor in NAMES.items()
    ]
    entries[0] += "licenses = 1\n"
    file.write_text("\n".join(entries), encoding="utf-8")
    monkeypatch.setenv("A_TOKEN", "s3cr3t-t0ken")
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Tick:
    """The sensor, as the daemon keeps its cursor and writes down its events."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance
        self._cursor: str | None = None

    def __call__(self) -> list[Any]:
        context = dg.build_sensor_context(
            self._instance, cursor=self._cursor, resources={"callhouse": CallhouseResource()}
        )
        told = requests.evaluate_tick(context)
        self._cursor = told.cursor or self._cursor
        for event in told.asset_events:
            self._instance.report_runless_asset_event(event)
        return list(told.asset_events)


@pytest.fixture
def tick(instance: dg.DagsterInstance) -> Tick:
    return Tick(instance)


def ask(warehouse: Warehouse, at: datetime, account: str = "acme", **changes: Any) -> None:
    """A request in the ledger."""
    values = {"stream": "calls", "report": "cdr_1", "backfill": False, "duration_s": 1}
    values |= {"account": account, "requested_at": at, "bytes": 1000}
    with warehouse.transaction() as c:
        put(c, "ops.requests", **values | changes)


def use(warehouse: Warehouse, used: int, day: date | None = None) -> None:
    """So many requests of the day's quota have been made."""
    with warehouse.transaction() as c:
        c.execute(sa.text("DELETE FROM ops.quotas"))
        day = day or datetime.now(UTC).date()
        put(c, "ops.quotas", bucket="acme", day=day, used=used, by_backfill=1)


def test_each_hour_is_told_once_in_figures_that_dagster_plots(
    warehouse: Warehouse, tick: Tick, hour: datetime, instance: dg.DagsterInstance
) -> None:
    for minute in (5, 10, 59):
        ask(warehouse, hour - timedelta(minutes=minute))
    ask(warehouse, hour - timedelta(minutes=1), "other", report="cdr_dialog", backfill=True)
    ask(warehouse, hour - timedelta(minutes=2), error="HTTP 500", bytes=None)
    ask(warehouse, hour - timedelta(hours=3))
    ask(warehouse, hour)
    ask(warehouse, hour - timedelta(days=2))
    use(warehouse, 5)
    _, told = tick()
    assert told.asset_key == KEY
    figures = {
        name: value.value
        for name, value in told.metadata.items()
        if isinstance(value, dg.IntMetadataValue)
    }
    assert figures == {
        "requests": 5,
        "requests of backfills": 1,
        "failed requests": 1,
        "bytes": 4000,
        "requests: conpeek": 1,
        "requests: wolkvox": 4,
        "quota used: acme": 5,
    }
    lines = [tuple(record.data.values()) for record in told.metadata["last 24 hours"].records]
    assert lines == [("acme", "cdr_1", 5, 0, 1, 4000), ("other", "cdr_dialog", 1, 1, 0, 1000)]
    assert "6 requests, most from" in told.metadata["last 24 hours, drawn"].value
    assert instance.get_latest_materialization_event(KEY) is not None
    assert tick() == []


def test_an_hour_without_a_request_is_not_told(
    warehouse: Warehouse, tick: Tick, hour: datetime
) -> None:
    ask(warehouse, hour)
    assert not [event for event in tick() if isinstance(event, dg.AssetMaterialization)]


def test_a_quota_that_is_gone_turns_the_check_red_until_it_begins_anew(
    warehouse: Warehouse, tick: Tick, hour: datetime
) -> None:
    (first,) = tick()
    assert (first.check_name, first.passed) == (CHECK, True)
    use(warehouse, 999)
    assert tick() == []
    use(warehouse, 1000)
    (gone,) = tick()
    midnight = datetime.now(UTC).date() + timedelta(days=1)
    assert not gone.passed
    assert gone.description == (
        f"acme: the day's quota of requests is used up; goes on by itself at {midnight} 00:00 UTC"
    )
    assert tick() == []
    use(warehouse, 1000, day=datetime.now(UTC).date() - timedelta(days=1))
    (anew,) = tick()
    assert anew.passed


def test_the_check_can_be_executed_by_hand(
    warehouse: Warehouse, instance: dg.DagsterInstance, tick: Tick
) -> None:
    use(warehouse, 1000)
    job = dg.Definitions(
        asset_checks=[quota_check],
        jobs=[dg.define_asset_job("look", dg.AssetSelection.checks(quota_check))],
        resources={"callhouse": CallhouseResource()},
    ).resolve_job_def("look")
    (evaluation,) = job.execute_in_process(instance=instance).get_asset_check_evaluations()
    assert not evaluation.passed
    assert "used up" in str(evaluation.description)
    (again,) = tick()
    assert again.check_name == CHECK, "what a run told would be hidden by the next hour's figures"
    assert tick() == []
