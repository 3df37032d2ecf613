"""The database's clock decides, and a host whose own is wrong loads nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import sqlalchemy as sa

import sql
from assets.loading.load import Loader
from assets.resource import CallhouseResource
from pipelines.alerts import clock_problems
from pipelines.commands.check import check_accounts, check_clock, check_zones
from pipelines.commands.status import read_status
from pipelines.definitions import build_defs
from pipelines.schedules import wrong_clock
from resources.errors import ClockError
from resources.http import answer
from resources.postgres.clock import Clock
from resources.postgres.warehouse import Warehouse
from resources.standin.server import StandIn
from resources.vendors import discover
from resources.windows import business_day, day_start
from tests.db.conftest import AccountOf
from tests.model.vendors import KINDS, Thing
from tests.unit.helpers import a_zone

CONPEEK = discover()["conpeek"]
STREAM = CONPEEK.stream("dialogs")
TODAY = datetime.now(UTC).date()
DAY = timedelta(days=1)


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Iterator[Warehouse]:
    """By the right clock at first."""
    shared_warehouse.clock = Clock(lambda: shared_warehouse.rows("load/clock")[0].now)
    yield shared_warehouse
    turn(shared_warehouse, timedelta(0))
    with shared_warehouse.transaction() as connection:
        connection.execute(sa.text("TRUNCATE ops.days, ops.streams, ops.requests, ops.findings"))


def turn(warehouse: Warehouse, by: timedelta) -> None:
    """From now on the database's clock is so far ahead of this host's."""
    text = sql.read("functions/now")
    now = "clock_timestamp()"
    changed = text.replace(now, f"{now} + make_interval(secs => {by.total_seconds()})")
    assert changed != text
    with warehouse.transaction() as connection:
        connection.exec_driver_sql(changed)
    warehouse.clock = Clock(lambda: warehouse.rows("load/clock")[0].now)


def query(warehouse: Warehouse, text: str) -> list[Any]:
    with warehouse.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def dialog(number: int, start: datetime) -> dict[str, Any]:
    return {
        "dialog_uuid": f"d-{number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "hangup_time": f"{start + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        "talking_time": 1500,
        "from_display_target": "+48221234567",
        "to_display_target": "600",
    }


@pytest.mark.parametrize("ahead", [DAY, -DAY, timedelta(minutes=2)])
def test_a_wrong_host_loads_nothing_and_loses_nothing(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf, ahead: timedelta
) -> None:
    """Not what comes between the wrong time and the right one, either: case 10."""
    tenant = standin.tenant("conpeek", "wrong", timezone="UTC")
    account = account_of(tenant, start_date=TODAY - 2 * DAY, name=f"wrong-{ahead.days}")
    yesterday = datetime.combine(TODAY - DAY, datetime.min.time(), UTC)
    tenant.put(dialog(n, yesterday + timedelta(hours=n)) for n in range(20))
    turn(warehouse, -ahead)
    loader = Loader(warehouse, CONPEEK)
    refused = pytest.raises(ClockError, match="nothing is loaded until they agree")
    with refused:
        loader.poll([account], [STREAM])
    with refused:
        loader.backfill([account], [STREAM], [TODAY])
    with refused:
        loader.rebuild([account], [STREAM], [TODAY])
    assert len(standin.requests) == 0
    assert query(warehouse, "SELECT * FROM ops.days") == []

    turn(warehouse, timedelta(0))
    (result,) = loader.poll([account], [STREAM])
    loader.close()
    assert result.error is None
    days = query(warehouse, "SELECT call_date, state, facts FROM ops.days ORDER BY 1")
    assert (TODAY - DAY, 20) in {(day, facts) for day, _, facts in days}
    assert (TODAY, "complete") not in {(day, state) for day, state, _ in days}


@pytest.mark.parametrize("vendor", sorted(discover()))
def test_no_day_is_complete_before_its_end_by_the_database_s_clock(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf, vendor: str
) -> None:
    """Whatever a host's says that is a little wrong: here it is past midnight, there it isn't."""
    module = discover()[vendor]
    tenant = standin.tenant(vendor, "early", min_interval_s=0)
    account = account_of(tenant, start_date=TODAY - 3 * DAY, name=f"early-{vendor}")
    today = business_day(datetime.now(UTC), account.timezone)
    midnight = day_start(today, account.timezone)
    turn(warehouse, midnight - timedelta(seconds=45) - datetime.now(UTC))
    here = midnight + timedelta(seconds=10) - datetime.now(UTC)
    warehouse.clock._host = lambda: datetime.now(UTC) + here
    standin.clock.set(midnight + timedelta(seconds=30))
    loader = Loader(warehouse, module)
    try:
        for _ in range(2):
            results = loader.poll([account], module.streams)
            results += loader.backfill([account], module.streams, [today - DAY, today])
    finally:
        loader.close()
        standin.clock.run()
    assert [result.error for result in results] == [None] * len(results)
    days = query(
        warehouse, f"SELECT call_date, state FROM ops.days WHERE account = '{account.name}'"
    )
    assert {state for day, state in days if day == today - DAY} == {"open"}
    assert max(day for day, _ in days) == today - DAY, "the next hasn't begun"


def test_what_is_in_the_future_is_so_by_the_database_s_clock(
    warehouse: Warehouse,
    standin: StandIn,
    account_of: AccountOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The stand-in's `Date` is this host's: ten days behind, its answers would be taken for old.
    monkeypatch.setattr(answer, "CLOCKS_DIFFER", 11 * DAY)
    tenant = standin.tenant("conpeek", "future", timezone="UTC")
    ahead = 10 * DAY
    account = account_of(tenant, start_date=TODAY + 9 * DAY, name="future")
    noon = datetime.combine(TODAY + 9 * DAY, datetime.min.time(), UTC) + timedelta(hours=12)
    tenant.put([dialog(1, noon), dialog(2, noon) | {"hangup_time": f"{noon + 5 * DAY}"[:19]}])
    turn(warehouse, ahead)
    warehouse.clock._host = lambda: datetime.now(UTC) + ahead
    standin.clock.set(datetime.now(UTC) + ahead)
    loader = Loader(warehouse, CONPEEK)
    try:
        (result,) = loader.backfill([account], [STREAM], [noon.date()])
    finally:
        loader.close()
        standin.clock.run()
    assert result.error is None
    assert query(
        warehouse, "SELECT leg_id, ended_at IS NULL FROM facts.call_legs WHERE account = 'future'"
    ) == [("d-1", False), ("d-2", True)]


def test_the_details_of_a_day_that_goes_on_are_not_complete(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf
) -> None:
    evolux = discover()["evolux"]
    tenant = standin.tenant("evolux", "details", timezone="UTC")
    account = account_of(tenant, start_date=TODAY - DAY, streams=("calls", "call_details"))
    noon = datetime.combine(TODAY - DAY, datetime.min.time(), UTC) + timedelta(hours=12)
    start = noon - timedelta(hours=1)
    evolux_calls = next(kind for kind in KINDS if kind.vendor == "evolux")
    thing = Thing(1, start, start + timedelta(minutes=1), 10)
    tenant.put([evolux_calls.show(thing, tenant.zone)])
    tenant.put_detail(1, {"executed_tasks": []})
    now = [noon]
    loader = Loader(warehouse, evolux, clock=lambda: now[0])

    def state() -> Any:
        loader.poll([account], evolux.streams)
        ((found,),) = query(
            warehouse,
            f"SELECT state FROM ops.days WHERE account = '{account.name}' "
            f"AND stream = 'call_details' AND call_date = '{TODAY - DAY}'",
        )
        return found

    try:
        assert state() == "open"
        asked = len(standin.requests)
        assert state() == "open"
        assert len(standin.requests) == asked + 1, "nothing of them is asked for again"
        now[0] = noon + timedelta(hours=13)
        assert state() == "complete"
    finally:
        loader.close()


# It is said wherever somebody would look.


def test_it_is_told_by_check_status_and_alerts(warehouse: Warehouse) -> None:
    turn(warehouse, -DAY)
    url = warehouse.url.set(drivername="postgresql").render_as_string(False)
    told = "this host's clock is 1 day, 0:00:00 ahead of the database's (here "
    finding = check_clock(url)
    assert (finding.what, finding.well) == ("clock", False)
    assert finding.message.startswith(told)
    status = read_status(warehouse, {})
    assert str(status.as_json()["clock"]).startswith(told)
    (problem,) = clock_problems(warehouse)
    assert problem.detail.startswith(told)
    turn(warehouse, timedelta(0))
    assert check_clock(url).well is True
    assert read_status(warehouse, {}).clock is None
    assert list(clock_problems(warehouse)) == []


def test_a_poll_fails_with_both_times_once_in_a_while(
    warehouse: Warehouse,
    standin: StandIn,
    account_of: AccountOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = account_of(standin.tenant("conpeek", "run"), start_date=TODAY - DAY)
    url = warehouse.url.set(drivername="postgresql").render_as_string(False)
    monkeypatch.setenv("CALLHOUSE_DATABASE_URL", url)
    monkeypatch.setattr(CallhouseResource, "all_accounts", lambda _: {account.name: account})
    turn(warehouse, -DAY)
    job = build_defs({account.name: account}).resolve_job_def("conpeek_poll")
    tags = {
        "callhouse/kind": "poll",
        "dagster/asset_partition_range_start": f"{TODAY - DAY}",
        "dagster/asset_partition_range_end": f"{TODAY}",
    }
    with dg.instance_for_test() as instance:
        assert wrong_clock(warehouse, instance, job.name) is None, "the first one is to fail"
        done = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
        assert not done.success
        (failure,) = [event for event in done.all_events if event.is_step_failure]
        told = str(failure.step_failure_data.user_failure_data)
        assert f"here {TODAY:%Y-%m-%d}" in told
        assert f"there {TODAY - DAY:%Y-%m-%d}" in told
        again = wrong_clock(warehouse, instance, job.name)
        assert "this host's clock is 1 day" in str(again), "and the next tick says so without a run"


def test_check_names_who_lives_by_other_clocks_in_the_database(
    warehouse: Warehouse, standin: StandIn, account_of: AccountOf
) -> None:
    """As where this host's time zone data and the server's aren't of the same year."""
    zones = {
        "same": ZoneInfo("America/Havana"),
        "other": a_zone("Europe/Warsaw", like="Europe/Moscow"),
        "unknown": a_zone("Mars/Olympus"),
    }
    accounts = {
        name: account_of(standin.tenant("wolkvox", f"{name}-zone"), name=name, timezone=zone)
        for name, zone in zones.items()
    }
    url = warehouse.url.render_as_string(hide_password=False)
    [found] = check_zones(url, accounts)
    assert (found.what, found.well) == ("other", False)
    assert found.message == (
        "the rules of Europe/Warsaw aren't the same here and in the database, which lets "
        f"{TODAY.year}-01-01 begin at 23:00 UTC, not 21:00: update the time zone data of the older "
        "one"
    )
    states = {found.what: found for found in check_accounts(url, accounts)}
    assert [found.well for found in states.values()] == [True, True, False]
    assert "doesn't know the time zone Mars/Olympus: write one" in states["unknown"].message
