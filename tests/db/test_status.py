"""What `callhouse status` and the schedules' ticks say of limits: quotas, backfills, refusals."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from assets.loading.load import Loader
from assets.quota import read_quotas
from pipelines.commands.status import Status, read_status
from pipelines.due import waits, why_not
from resources.account import Account
from resources.configuration.home import CHECKOUT
from resources.postgres.warehouse import Warehouse
from resources.standin import Fault, StandIn, Tenant
from resources.vendors import discover
from tests.db.conftest import AccountOf
from tests.db.facts import put
from tests.db.permits.waiter import Clock, Waiter
from tests.unit import helpers

WOLKVOX = discover()["wolkvox"]
NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 11, tzinfo=ZoneInfo("America/Bogota"))
GONE = "acme: the day's quota of requests is used up; goes on by itself at 2026-03-11 00:00 -05"
Accounts = dict[str, Account]


@pytest.fixture
def tenant(standin: StandIn) -> Tenant:
    return standin.tenant("wolkvox", "one", operation="acme", min_interval_s=0)


@pytest.fixture
def accounts(standin: StandIn, tenant: Tenant, account_of: AccountOf) -> Callable[..., Accounts]:
    """Two accounts of one operation, with a token each."""

    def make(daily_requests: int | None, **changes: object) -> Accounts:
        other = standin.tenant("wolkvox", "two", operation="acme", min_interval_s=0)
        return {
            tenant.name: account_of(
                tenant,
                operation="acme",
                start_date=date(2026, 3, 9),
                limits={"daily_requests": daily_requests, **changes},
            )
            for tenant in (tenant, other)
        }

    return make


@pytest.fixture
def clock(warehouse: Warehouse) -> Clock:
    """The limiter's and the schedules'."""
    return Clock(warehouse, NOON)


@pytest.fixture
def poll(warehouse: Warehouse, clock: Clock) -> Iterator[Callable[[Accounts], set[str]]]:
    loader = Loader(warehouse, WOLKVOX, "a-run", clock=lambda: clock.at)

    def poll(accounts: Accounts) -> set[str]:
        """The states that a poll of all streams leads to."""
        return {result.state for result in loader.poll(accounts.values(), WOLKVOX.streams)}

    yield poll
    loader.close()


@pytest.fixture
def said(
    warehouse: Warehouse, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> Callable[[Accounts], list[str]]:
    """The sentences of `callhouse status`, below its table."""

    def said(accounts: Accounts) -> list[str]:
        capsys.readouterr()
        read_status(warehouse, accounts, clock.at).print()
        lines = capsys.readouterr().out.splitlines()
        return [line for line in lines if line and line[0] not in "┏┃┡│└"]

    return said


def tick(warehouse: Warehouse, accounts: Accounts, at: datetime) -> str | None:
    """Why the schedule's tick would ask for nothing; None: it asks."""
    waiting = waits(warehouse, WOLKVOX, list(accounts.values()), at)
    quotas = read_quotas(warehouse, accounts.values(), at)
    due = any(wait.is_over for wait in waiting.values())
    return None if due else why_not(WOLKVOX, waiting, quotas)


@pytest.mark.parametrize("counted", [True, False], ids=["by us", "by the vendor alone"])
def test_a_quota_that_is_gone_is_told_once_and_all_goes_on_by_itself(
    standin: StandIn,
    tenant: Tenant,
    warehouse: Warehouse,
    clock: Clock,
    accounts: Callable[..., Accounts],
    poll: Callable[[Accounts], set[str]],
    said: Callable[[Accounts], list[str]],
    counted: bool,
) -> None:
    mine = accounts(3 if counted else None)
    if not counted:
        tenant.arm(Fault.refusal("TOKEN LIMIT EXCEEDED"), times=9)
    assert "deferred" in poll(mine)
    asked = len(standin.requests)
    assert [line for line in said(mine) if "used up" in line] == [GONE]
    reason = tick(warehouse, mine, clock.at)
    assert reason is not None
    assert reason.startswith("nothing is due; the next poll is in ")
    assert reason.endswith(GONE)
    assert poll(mine) == {"deferred"}
    assert len(standin.requests) == asked
    tenant.disarm()
    clock.set(MIDNIGHT + timedelta(minutes=1))
    assert tick(warehouse, mine, clock.at) is None
    assert GONE not in said(mine)
    poll(mine)
    assert len(standin.requests) > asked


def test_a_reserve_is_told_apart_from_a_quota_that_is_gone(
    warehouse: Warehouse,
    clock: Clock,
    accounts: Callable[..., Accounts],
    said: Callable[[Accounts], list[str]],
) -> None:
    mine = accounts(10, reserve=0.3)
    with warehouse.transaction() as c:
        put(c, "ops.quotas", bucket="acme", day=date(2026, 3, 10), used=7, by_backfill=4)
    first, second = said(mine)[:2]
    assert first == "quota of acme on 2026-03-10: 7 of 10 requests used, 4 by backfills"
    assert second == (
        "acme: backfills have used their share of the day's quota, the rest is the schedules'; "
        "goes on by itself at 2026-03-11 00:00 -05"
    )
    with warehouse.transaction() as c:
        c.execute(sa.text("UPDATE ops.quotas SET used = 6"))
    assert not [line for line in said(mine) if "goes on by itself" in line]


def test_a_backfill_tells_how_far_it_is_when_it_will_end_and_what_it_waits_for(
    warehouse: Warehouse, accounts: Callable[..., Accounts], capsys: pytest.CaptureFixture[str]
) -> None:
    """At the pace of its own requests; before the third, at the vendor's and the polls'."""
    mine = accounts(None, min_interval_s=300)
    now = datetime.now(UTC)
    own = {"account": "one", "run_id": "a", "seen_at": now, "turn_s": 900,
           "first_day": date(2026, 3, 1), "last_day": date(2026, 3, 12)}  # fmt: skip
    asked = {"account": "one", "report": "x", "backfill": True, "duration_s": 1, "run_id": "a"}
    with warehouse.transaction() as c:
        put(c, "ops.backfills", stream="agent_usage", windows=6, days=6, done=3,
            started_at=now - timedelta(minutes=20), **own)  # fmt: skip
        for number in range(3):
            put(c, "ops.requests", stream="agent_usage",
                requested_at=now - timedelta(minutes=10 * number), **asked)  # fmt: skip
        put(c, "ops.backfills", stream="calls", windows=12, days=12, done=0, started_at=now, **own)
    waiter = Waiter(warehouse, mine["one"], backfill=True, name="w")
    waiter.release(waiter.look().permit)
    assert waiter.look().reason == "spacing"
    read_status(warehouse, mine).print()
    told = capsys.readouterr().out
    assert "backfill of one agent_usage: 3 of 6 days, 3 requests, done in 30 min" in told
    assert "backfill of one calls: 0 of 12 days, 0 requests, done in 3 h" in told
    assert "backfill of one cdr_1 (cdr_1): waits for its turn (spacing), in 5 min" in told
    waits = {"account": "one", "stream": "cdr_1", "report": "cdr_1", "reason": "rate"}
    again = [waits | {"expected_at": now + timedelta(microseconds=n)} for n in range(3)]
    Status(now, [], [], [], again).print()
    lines = [line for line in capsys.readouterr().out.splitlines() if "turn" in line]
    assert lines == ["backfill of one cdr_1 (cdr_1): waits for its turn (rate), now"]


def test_a_backfill_that_was_killed_is_told_no_more(warehouse: Warehouse) -> None:
    """One that reads is, and one that waits for somebody else who reads days of its."""
    now = datetime.now(UTC)
    days = {"first_day": date(2026, 3, 1), "last_day": date(2026, 3, 12)}
    own = {"stream": "calls", "seen_at": now - timedelta(minutes=2), "started_at": now, **days}
    read = {"stream": "calls", "live": False, "holder": "h", "began_at": now}
    with warehouse.transaction() as c:
        for name, run_id, day, lease_s in (
            ("reads", "a", date(2026, 3, 2), 15),
            ("waits", "another", date(2026, 3, 12), 15),
            ("killed", "a", date(2026, 3, 2), -1),
            ("polled", "another", date(2026, 3, 13), 15),
        ):
            put(c, "ops.backfills", account=name, run_id="a", windows=6, days=6, turn_s=0, **own)
            put(c, "ops.reads", account=name, run_id=run_id, days=[day],
                expires_at=now + timedelta(seconds=lease_s), **read)  # fmt: skip
    assert [row.account for row in warehouse.rows("status/backfills")] == ["reads", "waits"]


def test_days_whose_details_nobody_has_read_are_unread(warehouse: Warehouse) -> None:
    account = helpers.account("evolux", start_date=date(2026, 3, 7))
    with warehouse.transaction() as c:
        for stream, day in (("calls", 7), ("calls", 8), ("calls", 9), ("call_details", 8)):
            put(c, "ops.days", account=account.name, stream=stream, state="complete",
                call_date=date(2026, 3, day))  # fmt: skip
    streams = read_status(warehouse, {account.name: account}, NOON).streams
    assert [(one.stream, one.unread, one.oldest_incomplete) for one in streams] == [
        ("calls", 0, None),
        ("call_details", 2, date(2026, 3, 7)),
    ]


def test_a_refused_account_is_told_with_how_to_resume_it(
    standin: StandIn,
    tenant: Tenant,
    warehouse: Warehouse,
    accounts: Callable[..., Accounts],
    poll: Callable[[Accounts], set[str]],
    said: Callable[[Accounts], list[str]],
) -> None:
    mine = accounts(None)
    tenant.token = "another"
    poll({"one": mine["one"]})
    asked = len(standin.requests)
    poll({"one": mine["one"]})
    assert len(standin.requests) == asked <= len(WOLKVOX.streams)
    (told, *_) = [line for line in said(mine) if "polls of this account have stopped" in line]
    assert "put a working credential where accounts.toml points" in told
    assert "`callhouse check`" in told


def test_the_page_of_limits_shows_what_is_printed(
    standin: StandIn,
    account_of: AccountOf,
    warehouse: Warehouse,
    capsys: pytest.CaptureFixture[str],
    said: Callable[[Accounts], list[str]],
) -> None:
    tenant = standin.tenant("wolkvox", "acme-bogota")
    limits = {"daily_requests": 25_000, "min_interval_s": 300}
    account = account_of(tenant, operation="wolkvox acme", limits=limits)
    now = datetime.now(UTC)
    own = {"account": account.name, "stream": "agent_usage", "run_id": ""}
    with warehouse.transaction() as c:
        put(c, "ops.quotas", bucket=account.operation, day=date(2026, 3, 10), used=25_000,
            by_backfill=4_000)  # fmt: skip
        put(c, "ops.backfills", windows=31, days=31, done=12, turn_s=900, seen_at=now,
            first_day=date(2026, 3, 1), last_day=date(2026, 3, 31),
            started_at=now - timedelta(minutes=165), **own)  # fmt: skip
        for number in range(12):
            put(c, "ops.requests", stream="agent_usage", account=account.name, report="cdr_2",
                backfill=True, duration_s=1, run_id="",
                requested_at=now - timedelta(minutes=15 * number))  # fmt: skip
        put(c, "ops.waiters", credential="c", report="cdr_2", holder="h", backfill=True,
            away=False, reason="spacing", since=now, looked_at=now, ready_at=now,
            expected_at=now + timedelta(minutes=4), expires_at=now + timedelta(minutes=5),
            **own)  # fmt: skip
    page = (CHECKOUT / "docs" / "operators" / "limits.md").read_text(encoding="utf-8")
    shown = page.partition("```text\n")[2].partition("```")[0].splitlines()
    assert [line for line in shown if line.startswith(("quota", "wolkvox"))] == said(
        {account.name: account}
    )[:2]
    read_status(warehouse, {account.name: account}, now).print()
    assert shown[2:] == capsys.readouterr().out.splitlines()[-2:]
