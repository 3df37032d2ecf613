"""A backfill that is cancelled midway: nothing is lost, and the next one goes on."""

import contextlib
import os
import signal
import threading
import time
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.utils import make_new_run_id

from assets import materialisations
from assets.loading.load import Loader
from assets.loading.result import Result
from assets.resource import CallhouseResource
from pipelines.definitions import build_defs
from resources.postgres.warehouse import Warehouse
from resources.standin.faults import Fault
from resources.standin.server import StandIn
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.test_load import dialog

LAST = date(2026, 3, 10)
DAYS = [LAST - timedelta(days=n) for n in range(6)]


def states(warehouse: Warehouse) -> dict[date, Any]:
    with warehouse.transaction() as connection:
        rows = connection.execute(sa.text("SELECT call_date, state, facts FROM ops.days"))
        return {row.call_date: (row.state, row.facts) for row in rows}


def test_what_is_done_stays_and_the_rest_comes_later(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf
) -> None:
    tenant = standin.tenant("conpeek", "demo-pl")
    tenant.put(
        dialog(10 * n, start_time=f"{day} 10:00:00", hangup_time=f"{day} 10:05:00")
        for n, day in enumerate(DAYS, 1)
    )
    limits = {"max_window_days": 1, "concurrency": 1}
    account = account_of(tenant, limits=limits, start_date=DAYS[-1])
    vendor = discover()["conpeek"]

    def cancel_soon(result: Result) -> None:
        if len(result.read) == 2:
            loader.stop()

    loader = Loader(warehouse, vendor, "cancelled", cancel_soon)
    (result,) = loader.backfill([account], vendor.streams, DAYS)
    loader.close()
    assert (result.error, result.read) == (None, set(DAYS[:2])), "newest first"
    assert states(warehouse) == dict.fromkeys(DAYS[:2], ("complete", 1))

    loader = Loader(warehouse, vendor, "again")
    (result,) = loader.backfill([account], vendor.streams, DAYS)
    loader.close()
    assert result.read == set(DAYS)
    assert states(warehouse) == dict.fromkeys(DAYS, ("complete", 1))
    with warehouse.transaction() as connection:
        versions = connection.execute(sa.text("SELECT count(*) FROM raw.records")).scalar_one()
    assert versions == len(DAYS)


def test_a_run_that_is_interrupted_shows_the_days_that_are_done(
    warehouse: Warehouse,
    standin: StandIn,
    account_of: AccountOf,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    tenant = standin.tenant("conpeek", "demo-pl")
    limits = {"max_window_days": 1, "concurrency": 1}
    account = account_of(tenant, limits=limits, start_date=DAYS[-1])
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)
    monkeypatch.setattr(CallhouseResource, "all_accounts", lambda _: {account.name: account})

    def interrupt(result: Result) -> None:
        if len(result.read) == 2:
            os.kill(os.getpid(), signal.SIGINT)  # as Dagster does to the process of a run
            time.sleep(1)

    job = build_defs({account.name: account}, interrupt).resolve_job_def("conpeek_poll")
    tags = {
        "dagster/asset_partition_range_start": DAYS[-1].isoformat(),
        "dagster/asset_partition_range_end": DAYS[0].isoformat(),
    }
    with dg.instance_for_test() as instance:
        with pytest.raises((KeyboardInterrupt, dg.DagsterExecutionInterruptedError)):
            job.execute_in_process(instance=instance, tags=tags)
        shown = instance.get_materialized_partitions(dg.AssetKey(["conpeek", "dialogs"]))
    assert {day.isoformat() for day in DAYS[:2]} <= shown
    assert len(shown) < len(DAYS)
    assert set(states(warehouse)) >= set(DAYS[:2])


@pytest.mark.parametrize("how", ["cancelled", "marked as ended"])
def test_a_run_that_dagster_calls_ended_ends_though_its_vendor_hangs(
    how: str,
    warehouse: Warehouse,
    standin: StandIn,
    account_of: AccountOf,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    """Cancelled in the UI, past its longest time, or told nothing at all: its process may be out of
    reach of the code server that would tell it.
    """
    monkeypatch.setattr(materialisations, "LOOK_EVERY_S", 0.2)
    tenant = standin.tenant("conpeek", "demo-pl")
    tenant.arm(Fault.hang(), 9)
    account = account_of(tenant, start_date=DAYS[-1])
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", database_url)
    monkeypatch.setattr(CallhouseResource, "all_accounts", lambda _: {account.name: account})
    job = build_defs({account.name: account}).resolve_job_def("conpeek_poll")
    tags = {
        "dagster/asset_partition_range_start": DAYS[-1].isoformat(),
        "dagster/asset_partition_range_end": DAYS[0].isoformat(),
    }
    run_id = make_new_run_id()
    ended_at: list[float] = []

    def end(instance: dg.DagsterInstance) -> None:
        while not standin.meter.in_flight(tenant):
            time.sleep(0.05)
        run = instance.get_run_by_id(run_id)
        assert run
        if how == "cancelled":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            instance.report_run_canceled(run)
        ended_at.append(time.monotonic())

    with dg.instance_for_test() as instance:
        threading.Thread(target=end, args=(instance,)).start()
        with contextlib.suppress(KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            done = job.execute_in_process(
                instance=instance, tags=tags, run_id=run_id, raise_on_error=False
            )
            assert not done.success
        took = time.monotonic() - ended_at[0]
        run = instance.get_run_by_id(run_id)
        assert run
        assert run.status != dg.DagsterRunStatus.SUCCESS
    assert took < 8
    assert states(warehouse) == {}, "nothing of it is written"
    with warehouse.transaction() as connection:
        held = connection.execute(sa.text(
            "SELECT (SELECT count(*) FROM ops.permits WHERE reached_at IS NULL),"
            "       (SELECT count(*) FROM ops.reads)"
        )).one()  # fmt: skip
    assert tuple(held) == (0, 0)
