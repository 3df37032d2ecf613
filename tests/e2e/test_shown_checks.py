"""Checks stay evaluated: at every moment the asset pages show what `ops.findings` says, however
often their assets are materialised. Dagster's own GraphQL, real HTTP, a real Postgres.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from assets.resource import CallhouseResource
from resources.postgres.warehouse import Warehouse
from resources.standin import Tenant
from tests.e2e.conftest import TODAY
from tests.in_process_dagster import InProcessDagster

POLLS = 4
FACTS = "conpeek/dialogs"


def call(number: int, now: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """Of a moment ago."""
    start = (now or datetime.now(UTC)) - timedelta(minutes=10)
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "hangup_time": f"{start + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        "talking_time": 1500,
    } | changes


def put_days_before(tenant: Tenant) -> None:
    """A call on each day before: an empty one beside today's calls would be doubted."""
    now = datetime.now(UTC)
    tenant.put([call(100 + n, now - timedelta(days=n)) for n in (1, 2)])


def wrong(warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """The checks that have findings, and how many."""
    counts = "SELECT stream, name, count(*) AS findings FROM ops.findings GROUP BY stream, name"
    with warehouse.transaction() as connection:
        rows = connection.execute(sa.text(counts))
        return {(row.stream.replace(".", "/"), row.name): row.findings for row in rows}


def assert_shown(dagster: InProcessDagster, warehouse: Warehouse) -> set[str]:
    """Dagster shows every check of the facts as it stands. Returns the names of the red ones."""
    shown = {key: status for key, status in dagster.checks().items() if key[0] == FACTS}
    found = wrong(warehouse)
    assert shown == {key: "FAILED" if key in found else "SUCCEEDED" for key in shown}
    assert dagster.findings() == found
    assert len(shown) >= 7
    return {name for _, name in found}


def told(dagster: InProcessDagster) -> int:
    """How many results of checks Dagster has been told, ever."""
    of_type = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return sum(
        len(dagster.instance.get_records_for_run(run.run_id, of_type=of_type).records)
        for run in dagster.instance.get_runs()
    )


def test_checks_stay_evaluated_while_polls_find_something_new(
    dagster: InProcessDagster, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    put_days_before(tenants["one"])
    for number in range(POLLS):
        tenants["one"].put([call(number)])
        result = dagster.poll("conpeek")
        assert len(result.get_asset_materialization_events()) >= 2, (
            "each is a newer materialisation"
        )
        assert assert_shown(dagster, warehouse) == set()
    count = told(dagster)
    tenants["one"].put([call(POLLS)])
    dagster.poll("conpeek")
    assert told(dagster) == count, "what hasn't changed isn't told again"


def test_a_check_is_executed_alone(
    dagster: InProcessDagster, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    """What *Execute* does: nothing is loaded for it, whatever its partitions."""
    put_days_before(tenants["one"])
    dagster.poll("conpeek")
    launched = dagster.execute_check(FACTS, "fresh")
    run = dagster.instance.get_run_by_id(launched)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert assert_shown(dagster, warehouse) == set()


def test_a_red_check_stays_red_while_others_load(
    dagster: InProcessDagster, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    put_days_before(tenants["one"])
    dagster.poll("conpeek")
    good, tenants["other"].token = tenants["other"].token, "another"
    for number in range(3):
        tenants["one"].put([call(number)])
        dagster.poll("conpeek")
        assert assert_shown(dagster, warehouse) == {"fresh"}
    tenants["other"].token = good
    assets = dagster.assets("conpeek")
    assert dagster.ended(dagster.backfill(assets, [f"{TODAY}"]))["status"] == "COMPLETED_SUCCESS"
    assert assert_shown(dagster, warehouse) == set(), "a backfill that gets through is proof enough"


@pytest.mark.long
def test_a_poll_and_a_backfill_in_each_others_way(
    dagster: InProcessDagster, warehouse: Warehouse, tenants: Mapping[str, Tenant]
) -> None:
    """What counts is what was found last, not which run began last."""
    put_days_before(tenants["one"])
    tenants["one"].put([call(1, dialog_type=["EXTERNAL"])])
    assets = dagster.assets("conpeek")
    dagster.ended(dagster.backfill(assets, [f"{TODAY}"]))
    assert "complete" in assert_shown(dagster, warehouse)
    tenants["one"].put([call(1)])
    dagster.poll("conpeek")
    assert_shown(dagster, warehouse)
    dagster.ended(dagster.backfill(assets, [f"{TODAY}"]))
    assert assert_shown(dagster, warehouse) == set()


@pytest.mark.long
def test_what_a_run_that_died_left_red_is_cleared_by_the_next_poll(
    dagster: InProcessDagster, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    dagster.poll("conpeek")
    with monkeypatch.context() as broken:
        broken.setattr(CallhouseResource, "warehouse", None)
        told = dagster.ended(dagster.backfill(dagster.assets("conpeek"), [f"{TODAY}"]))
    assert told["status"] == "COMPLETED_FAILED"
    assert "EXECUTION_FAILED" in dagster.checks().values()
    dagster.poll("conpeek")
    assert assert_shown(dagster, warehouse) == set()


def test_a_run_says_of_every_check_that_it_planned_how_it_stands(dagster: InProcessDagster) -> None:
    dagster.ended(dagster.backfill(dagster.assets("conpeek"), [f"{TODAY}"]))
    (run,) = dagster.instance.get_runs()
    said = [entry.message for entry in dagster.instance.all_logs(run.run_id)]
    assert not [message for message in said if "did not yield" in message]
