"""What the night tells and judges, and what it does when a step of it fails."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.maintenance import tasks
from assets.maintenance.asset import CHECK, KEY, maintenance_asset
from assets.maintenance.old_runs import RETENTION, prune_runs
from resources.configuration import retention
from resources.postgres.warehouse import Warehouse
from tests.db.facts import DAY, put, put_day, query
from tests.own_warehouse import OwnWarehouse
from tests.unit import helpers


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
    """It has no row, nor have its details."""
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
        "down call_details 2026-03-10: not read",
        "down calls 2026-03-10: not read (HTTP 500)",
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
