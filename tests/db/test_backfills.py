"""Backfills ask as little as a vendor allows, and say how far they are; polls keep to limits."""

import gc
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assets.loading.landing.caller_keys import CallerKeys
from assets.loading.landing.land import Landing
from assets.loading.landing.observation import Observation
from assets.loading.load import Loader
from assets.loading.result import Result
from assets.loading.window.answers import WindowRead
from assets.quota import Quota, read_quotas
from resources.account import Account
from resources.http import permits
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, StandIn, Tenant
from resources.vendors import discover
from resources.windows import days_between
from tests.db.conftest import AccountOf

WOLKVOX = discover()["wolkvox"]
MARCH = days_between(date(2026, 3, 1), date(2026, 3, 31))
LATER = datetime(2026, 4, 20, 12, tzinfo=UTC)


def call(number: int) -> dict[str, str]:
    """The call of a day of March."""
    return {
        "agent_name": "Demo Agent",
        "date": f"2026-03-{number:02} 10:00:00",
        "type_interaction": "inbound",
        "conn_id": str(number),
        "agent_id": "1",
        "time_seg": "30",
        "cost": "1.50",
        "comment": "x" * 100,
    }


@pytest.fixture
def tenant(standin: StandIn) -> Tenant:
    tenant = standin.tenant("wolkvox", "acme", min_interval_s=0)
    tenant.put([call(day) for day in range(1, 32)], "cdr_1")
    return tenant


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def loader(warehouse: Warehouse, said: list[str]) -> Iterator[Loader]:
    loader = Loader(warehouse, WOLKVOX, "a-run", clock=lambda: LATER, say=said.append)
    yield loader
    loader.close()


Backfill = Callable[..., Result]


@pytest.fixture
def backfill(loader: Loader) -> Backfill:
    def backfill(account: Account, days: list[date] | None = None) -> Result:
        (result,) = loader.backfill([account], [WOLKVOX.stream("calls")], days or MARCH)
        return result

    return backfill


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def landed(warehouse: Warehouse) -> int:
    return int(query(warehouse, "SELECT count(*) FROM facts.calls")[0][0])


def asked_days(standin: StandIn) -> list[tuple[int, int]]:
    """First and last day of each window that was asked for."""
    windows = []
    for request in standin.requests:
        asked = dict(part.split("=") for part in request.path.partition("?")[2].split("&"))
        # The end that is asked for is the second after the window.
        day, time_of_day = asked["date_end"][:8], asked["date_end"][8:]
        end = datetime.fromisoformat(f"{day}T{time_of_day}") - timedelta(seconds=1)
        windows.append((int(asked["date_ini"][6:8]), end.day))
    return windows


def test_a_month_is_one_request(
    standin: StandIn,
    tenant: Tenant,
    account_of: AccountOf,
    backfill: Backfill,
    warehouse: Warehouse,
) -> None:
    result = backfill(account_of(tenant))
    assert (result.state, landed(warehouse)) == ("ok", 31)
    assert asked_days(standin) == [(1, 31)]


def test_nothing_of_a_window_outlives_its_read(
    tenant: Tenant, account_of: AccountOf, backfill: Backfill
) -> None:
    """In a cycle it would stay until Python looks for those, which is seldom in a load."""
    held = (CallerKeys, Landing, Observation, WindowRead)
    gc.collect()
    gc.disable()
    try:
        assert backfill(account_of(tenant)).state == "ok"
        left = [type(one).__name__ for one in gc.get_objects() if isinstance(one, held)]
    finally:
        gc.enable()
    assert left == []


def full(tenant: Tenant) -> dict[str, Any]:
    """An answer of 16 records or more may be cut off."""
    return {"max_records": 16}


def slow(tenant: Tenant) -> dict[str, Any]:
    tenant.arm(Fault.slow(5), when=lambda ask: ask.query["date_ini"][:8] == "20260301")
    return {"timeout_s": 0.5}


def heavy(tenant: Tenant) -> dict[str, Any]:
    return {"max_bytes": 5_000}


@pytest.mark.parametrize(
    ("limit", "learned", "windows"),
    [
        (full, 8, ([(17, 22), (23, 28)], [(21, 28), (17, 20)])),
        (slow, 16, ([(17, 28)], [(17, 28)])),
        (heavy, 16, ([(17, 28)], [(17, 28)])),
    ],
)
def test_what_is_too_much_is_halved_and_remembered(
    standin: StandIn,
    tenant: Tenant,
    account_of: AccountOf,
    backfill: Backfill,
    warehouse: Warehouse,
    limit: Callable[[Tenant], dict[str, Any]],
    learned: int,
    windows: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> None:
    """For the next windows of this run, and for the next runs: there they are planned by it."""
    then, later = windows
    february = days_between(date(2026, 2, 17), date(2026, 2, 28))
    account = account_of(tenant, start_date=february[0], limits=limit(tenant))
    assert backfill(account, february + MARCH).state == "ok"
    assert landed(warehouse) == 31
    assert asked_days(standin)[0] == (1, 31)
    assert asked_days(standin)[-len(then) :] == then
    assert query(warehouse, "SELECT window_days FROM ops.streams") == [(learned,)]
    standin.requests.clear()
    assert backfill(account, february).state == "ok"
    assert asked_days(standin) == later


def test_what_was_learned_stays_where_the_second_half_is_put_off(
    standin: StandIn, tenant: Tenant, account_of: AccountOf, loader: Loader, warehouse: Warehouse
) -> None:
    """Else a poll would ask for the same window at each of its turns."""
    limits = {"max_records": 5, "min_interval_s": 300}
    account = account_of(tenant, start_date=date(2026, 3, 21), limits=limits)
    (result,) = loader.poll([account], [WOLKVOX.stream("calls")])
    assert (result.state, len(standin.requests)) == ("deferred", 1)
    assert query(warehouse, "SELECT window_days FROM ops.streams") == [(16,)]


def test_a_backfill_says_what_it_waits_for_and_when_it_will_be_done(
    standin: StandIn,
    tenant: Tenant,
    account_of: AccountOf,
    loader: Loader,
    warehouse: Warehouse,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(permits, "LONG_WAIT", timedelta(0))
    monkeypatch.setattr(permits, "TOLD_EVERY", timedelta(0))
    shown: list[tuple[Any, ...]] = []

    def look() -> None:
        while not ended.wait(0.1):
            for row in warehouse.rows("status/backfills"):
                waiting = warehouse.rows("status/in_flight")
                shown.append((row.windows, row.done, row.expected_at, [w.reason for w in waiting]))

    ended = threading.Event()
    watcher = threading.Thread(target=look)
    watcher.start()
    account = account_of(tenant, limits={"min_interval_s": 1})
    (result,) = loader.backfill([account], [WOLKVOX.stream("agent_usage")], MARCH[:3])
    ended.set()
    watcher.join()
    assert result.state == "ok"
    assert re.fullmatch(
        r"acme: waiting until about \d\d:\d\d -05 for cdr_2 \(spacing: .*\); 2 days to go, "
        r"done about \d{4}-\d\d-\d\d \d\d:\d\d -05",
        said[0],
    )
    assert "1 days to go" in said[-1]
    assert {(windows, done) for windows, done, *_ in shown} >= {(3, 1), (3, 2)}
    assert ["spacing"] in [reasons for *_, reasons in shown]
    for *_, expected_at, _ in shown:
        assert expected_at < datetime.now(UTC) + timedelta(minutes=1)
    assert query(warehouse, "SELECT * FROM ops.backfills") == []


def test_an_ended_run_does_not_wait_on(
    tenant: Tenant, account_of: AccountOf, loader: Loader, warehouse: Warehouse
) -> None:
    account = account_of(tenant, limits={"min_interval_s": 300})
    results: list[Result] = []

    def work() -> None:
        results.extend(loader.backfill([account], [WOLKVOX.stream("agent_usage")], MARCH[:3]))

    thread = threading.Thread(target=work)
    thread.start()
    while not query(warehouse, "SELECT FROM ops.waiters"):
        time.sleep(0.05)
    loader.close()
    thread.join(10)
    assert not thread.is_alive()
    (result,) = results
    assert (result.state, result.days) == ("deferred", {MARCH[2]})


def test_a_polls_older_days_leave_the_reserve_alone(
    tenant: Tenant, account_of: AccountOf, loader: Loader, warehouse: Warehouse
) -> None:
    """And what is live goes on when only the reserve is left."""
    limits = {"daily_requests": 5, "reserve": 0.4}
    account = account_of(tenant, start_date=date(2026, 4, 1), limits=limits)
    used = []
    for _ in range(3):
        loader.poll([account], [WOLKVOX.stream("agent_usage")])
        used.append([(q.used, q.by_backfill, q.left) for q in quotas(warehouse, account)])
    assert used == [[(3, 2, 2)], [(4, 2, 1)], [(5, 2, 0)]]


def quotas(warehouse: Warehouse, account: Account) -> list[Quota]:
    return read_quotas(warehouse, [account], datetime.now(UTC))


def test_a_quota_that_the_vendor_calls_used_up_has_nothing_left(
    tenant: Tenant, account_of: AccountOf, loader: Loader, warehouse: Warehouse
) -> None:
    account = account_of(tenant, limits={"daily_requests": 500})
    tenant.arm(Fault.refusal("TOKEN LIMIT EXCEEDED"))
    (result,) = loader.poll([account], [WOLKVOX.stream("calls")])
    assert result.state == "deferred"
    assert [(q.used, q.left) for q in quotas(warehouse, account)] == [(1, 0)]


def test_a_refused_token_stops_the_polls_and_a_changed_one_resumes_them(
    standin: StandIn, tenant: Tenant, account_of: AccountOf, loader: Loader, warehouse: Warehouse
) -> None:
    stream = WOLKVOX.stream("calls")
    stale = account_of(tenant)
    tenant.token = "new-t0ken"
    for _ in range(3):
        (result,) = loader.poll([stale], [stream])
        assert result.state == "stopped"
        assert "PLEASE VALIDATE TOKEN" in str(result.error)
        assert "polls of this account have stopped" in str(result.error)
    assert len(standin.requests) == 1
    fresh = account_of(tenant)
    (result,) = loader.poll([fresh], [stream])
    assert result.state == "ok"


def test_a_backfill_of_the_same_days_by_two_runs_at_once_lands_them_once(
    standin: StandIn, tenant: Tenant, account_of: AccountOf, warehouse: Warehouse
) -> None:
    """Two processes, one token: never two requests in flight, which the stand-in would tell."""
    account = account_of(tenant)
    tenant.latency_s = 0.2
    loaders = [Loader(warehouse, WOLKVOX, f"run-{n}", clock=lambda: LATER) for n in range(2)]
    threads = [
        threading.Thread(target=loader.backfill, args=([account], [WOLKVOX.stream("calls")], MARCH))
        for loader in loaders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for loader in loaders:
        loader.close()
    assert landed(warehouse) == 31
    assert len(standin.requests) == 2
