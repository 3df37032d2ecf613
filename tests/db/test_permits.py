"""The limiter's rules, each with a real Postgres; most by a clock that stands until it is moved."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from assets.loading.account_stream import AccountStream
from assets.loading.backfill_progress import BackfillProgress, turn_s
from resources.configuration.home import CHECKOUT
from resources.errors import DeferredError, QuotaExhaustedError, TransientError
from resources.http.permits import Limiter, Patience, Wait
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from resources.vendors import discover
from tests.db.permits import AT_ONCE, BEHIND, NOON, Clock, Waiter, account, clear


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture
def warehouse(shared_warehouse: Warehouse) -> Warehouse:
    clear(shared_warehouse)
    return shared_warehouse


@pytest.fixture
def clock(warehouse: Warehouse) -> Clock:
    return Clock(warehouse)


@pytest.fixture
def limiter(warehouse: Warehouse) -> Iterator[Limiter]:
    limiter = Limiter(warehouse, "a-run")
    yield limiter
    limiter.close()


SPACED = {"min_interval_s": 300}
PACED = {"requests_per_s": 10, "concurrency": 20}


# Concurrency.


def test_no_more_in_flight_than_allowed(clock: Clock, warehouse: Warehouse) -> None:
    two = account(limits={"concurrency": 2})
    first, second, third = (Waiter(warehouse, two) for _ in range(3))
    permit = first.look().permit
    assert second.is_granted()
    look = third.look()
    assert (look.permit, look.reason) == (None, "concurrency")
    first.release(permit)
    assert third.is_granted()


def test_credentials_do_not_limit_each_other(clock: Clock, warehouse: Warehouse) -> None:
    assert Waiter(warehouse, account("acme")).is_granted()
    assert Waiter(warehouse, account("other", token="0ther")).is_granted()


def test_accounts_with_one_token_share_one_budget(clock: Clock, warehouse: Warehouse) -> None:
    """Whatever their names and operations."""
    assert Waiter(warehouse, account("acme")).is_granted()
    assert Waiter(warehouse, account("twin")).look().reason == "concurrency"


# Spacing.


def test_spacing_counts_from_when_the_vendor_surely_had_the_request(
    clock: Clock, warehouse: Warehouse
) -> None:
    waiter = Waiter(warehouse, account(limits=SPACED))
    permit = waiter.look().permit
    clock.move(40)
    waiter.release(permit, reached_s=30)
    clock.set(NOON + timedelta(seconds=329.9))
    look = waiter.look()
    assert (look.permit, look.reason, look.until) == (
        None,
        "spacing",
        NOON + timedelta(seconds=330),
    )
    clock.set(NOON + timedelta(seconds=330))
    assert waiter.is_granted()


def test_spacing_is_by_report(clock: Clock, warehouse: Warehouse) -> None:
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced, "cdr_1").ask()
    assert not Waiter(warehouse, spaced, "cdr_1").ask()
    assert Waiter(warehouse, spaced, "cdr_2").ask()


def test_a_report_in_flight_is_not_asked_again_however_long_it_takes(
    clock: Clock, warehouse: Warehouse
) -> None:
    """It may have reached the vendor only now."""
    slow = account(limits={"min_interval_s": 10, "concurrency": 2})
    assert Waiter(warehouse, slow).is_granted()
    clock.move(14)
    assert Waiter(warehouse, slow).look().reason == "spacing"
    assert Waiter(warehouse, slow, "cdr_2").is_granted()


def test_each_waiter_knows_its_turn(clock: Clock, warehouse: Warehouse) -> None:
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced).ask()
    waits = [Waiter(warehouse, spaced).look().wait_s for _ in range(3)]
    assert waits == [300, 600, 900]


# Rate.


def test_a_rate_is_steady(clock: Clock, warehouse: Warehouse) -> None:
    waiter = Waiter(warehouse, account(limits=PACED))
    assert waiter.ask()
    look = waiter.look()
    assert (look.reason, look.wait_s) == ("rate", 0.1)
    clock.move(0.1)
    assert waiter.ask()


def test_a_rate_counts_arrivals_not_departures(clock: Clock, warehouse: Warehouse) -> None:
    """Ten that left in time but are still on their way may all arrive now."""
    waiter = Waiter(warehouse, account(limits=PACED))
    permits = []
    for _ in range(10):
        permits.append(waiter.look().permit)
        clock.move(0.1)
    assert None not in permits
    assert waiter.look().reason == "rate"
    waiter.release(permits[0], reached_s=0.7)
    clock.set(NOON + timedelta(seconds=1.6))
    assert waiter.look().reason == "rate"
    clock.set(NOON + timedelta(seconds=1.7))
    assert waiter.is_granted()


@pytest.mark.parametrize(("rate", "seconds"), [(0.2, 5), (0.3, 10 / 3)])
def test_a_rate_below_one_a_second(
    clock: Clock, warehouse: Warehouse, rate: float, seconds: float
) -> None:
    waiter = Waiter(warehouse, account(limits={"requests_per_s": rate}))
    assert waiter.ask()
    clock.move(seconds - 0.1)
    assert not waiter.ask()
    clock.move(0.1001)
    assert waiter.ask()


# The daily quota.


def test_a_quota_is_the_operations_and_the_vendors_days(clock: Clock, warehouse: Warehouse) -> None:
    """Two tokens, one quota; it begins anew at midnight in Bogotá, which is 5:00 UTC."""
    quota = {"operation": "wolkvox acme", "limits": {"daily_requests": 3}}
    here, there = account("here", "a", **quota), account("there", "b", **quota)
    asked = [Waiter(warehouse, a).ask() for a in (here, there, here, there, here)]
    assert asked == [True, True, True, False, False]
    look = Waiter(warehouse, there).look()
    midnight = datetime(2026, 3, 11, 5, tzinfo=UTC)
    assert (look.reason, look.until) == ("quota", midnight)
    clock.set(midnight - timedelta(seconds=1))
    assert not Waiter(warehouse, here).ask()
    clock.set(midnight)
    assert Waiter(warehouse, here).ask()
    assert query(warehouse, "SELECT day::text, used FROM ops.quotas ORDER BY day") == [
        ("2026-03-10", 3),
        ("2026-03-11", 1),
    ]


def test_the_reserve_is_the_polls_alone(
    clock: Clock, warehouse: Warehouse, limiter: Limiter
) -> None:
    reserved = account(limits={"daily_requests": 10, "reserve": 0.3})
    for _ in range(7):
        with limiter.permit(reserved, "calls", "cdr_1", BEHIND):
            pass
    with (
        pytest.raises(QuotaExhaustedError, match="the rest is the schedules'") as refused,
        limiter.permit(reserved, "calls", "cdr_1", BEHIND),
    ):
        pass
    assert refused.value.until == datetime(2026, 3, 11, 5, tzinfo=UTC)
    for _ in range(3):
        with limiter.permit(reserved, "calls", "cdr_1", AT_ONCE):
            pass
    with (
        pytest.raises(QuotaExhaustedError, match=r"used up; goes on by itself at 2026-03-11 00:00"),
        limiter.permit(reserved, "calls", "cdr_1", AT_ONCE),
    ):
        pass
    assert query(warehouse, "SELECT used, by_backfill FROM ops.quotas") == [(10, 7)]


def test_what_the_vendor_says_of_its_quota_counts_even_where_none_is_set(
    clock: Clock, warehouse: Warehouse
) -> None:
    waiter, until = Waiter(warehouse, account()), NOON + timedelta(hours=3)
    waiter.release(waiter.look().permit, exhausted_until=until)
    look = waiter.look()
    assert (look.reason, look.until) == ("quota", until)
    clock.set(until)
    assert waiter.ask()


def test_a_request_about_midnight_counts_on_both_days(clock: Clock, warehouse: Warehouse) -> None:
    """It may reach the vendor before it or after."""
    waiter = Waiter(warehouse, account(limits={"daily_requests": 10}))
    for second in (0, 59):
        clock.set(datetime(2026, 3, 11, 4, 58 + second // 59, second, tzinfo=UTC))
        assert waiter.ask()
    assert query(warehouse, "SELECT day::text, used FROM ops.quotas ORDER BY day") == [
        ("2026-03-10", 2),
        ("2026-03-11", 1),
    ]


def test_a_quota_holds_where_credentials_race_for_its_last_request(warehouse: Warehouse) -> None:
    """Each credential has a lock of its own; the quota is shared all the same."""
    accounts = [
        account(f"a{n}", f"t{n}", operation="all", limits={"daily_requests": 5}) for n in range(8)
    ]
    waiters = [Waiter(warehouse, a) for a in accounts]
    barrier, asked = threading.Barrier(len(waiters)), []

    def ask(waiter: Waiter) -> None:
        barrier.wait()
        asked.append(waiter.ask())

    threads = [threading.Thread(target=ask, args=(waiter,)) for waiter in waiters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(asked) == 5
    assert query(warehouse, "SELECT used FROM ops.quotas") == [(5,)]


# Who goes first.


def test_first_come_first_served(clock: Clock, warehouse: Warehouse) -> None:
    only = account()
    holder = Waiter(warehouse, only)
    permit = holder.look().permit
    queue = [Waiter(warehouse, only, report) for report in ("cdr_1", "cdr_2", "cdr_5", "cdr_1")]
    assert not any(waiter.is_granted() for waiter in queue)
    holder.release(permit)
    for turn, first in enumerate(queue):
        for later in reversed(queue[turn + 1 :]):
            assert not later.is_granted()
        permit = first.look().permit
        assert permit is not None
        first.release(permit)


def test_polls_go_before_backfills(clock: Clock, warehouse: Warehouse) -> None:
    only = account()
    holder, backfill = Waiter(warehouse, only), Waiter(warehouse, only, backfill=True)
    permit = holder.look().permit
    assert not backfill.is_granted()
    poll = Waiter(warehouse, only, "cdr_2")
    assert not poll.is_granted()
    holder.release(permit)
    assert not backfill.is_granted()
    assert poll.ask()
    assert backfill.ask()


def test_a_backfill_is_not_starved_and_does_not_starve(clock: Clock, warehouse: Warehouse) -> None:
    """Polls that could use every turn, and two backfills: these get every third turn together."""
    spaced = account(limits={"min_interval_s": 60})
    waiters = {name: Waiter(warehouse, spaced, backfill=name != "p") for name in "abp"}
    went = ""
    for _ in range(13):
        went += next(name for _ in range(2) for name, waiter in waiters.items() if waiter.ask())
        for _ in range(6):
            assert not any(waiter.ask() for waiter in waiters.values())
            clock.move(30)
    assert went == "appappbppappb"


def test_a_poll_that_cannot_wait_finds_its_place_kept(clock: Clock, warehouse: Warehouse) -> None:
    """It comes back at a later tick, in another process; a backfill waits for it, but not long."""
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced).ask()
    backfill = Waiter(warehouse, spaced, backfill=True)
    assert not backfill.ask()
    assert not Waiter(warehouse, spaced, returns=True, patience_s=30).ask()
    clock.move(300)
    assert backfill.look().reason == "queue"
    clock.move(60)
    assert Waiter(warehouse, spaced, returns=True, patience_s=30).ask()
    clock.move(200)
    assert not Waiter(warehouse, spaced, returns=True, patience_s=30).ask()
    clock.move(100 + 89)
    backfill.look()
    assert not backfill.ask()
    clock.move(1)
    assert backfill.ask()


def test_a_kept_place_holds_up_no_other_report(clock: Clock, warehouse: Warehouse) -> None:
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced).ask()
    assert not Waiter(warehouse, spaced, returns=True, patience_s=30).ask()
    clock.move(300)
    assert Waiter(warehouse, spaced, "cdr_2", backfill=True).ask()


def test_who_gives_up_leaves_the_queue(
    clock: Clock, warehouse: Warehouse, limiter: Limiter
) -> None:
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced).ask()
    with (
        pytest.raises(DeferredError, match="cdr_1 may be asked again at 17:05:00 UTC") as refused,
        limiter.permit(spaced, "calls", "cdr_1", AT_ONCE),
    ):
        pass
    assert refused.value.until == NOON + timedelta(seconds=300)
    assert query(warehouse, "SELECT * FROM ops.waiters") == []


def test_a_killed_waiter_holds_up_nobody_for_long(clock: Clock, warehouse: Warehouse) -> None:
    """Late for its look it may be slow: it keeps its place, but others go."""
    only = account()
    holder = Waiter(warehouse, only)
    permit = holder.look().permit
    dead, alive = Waiter(warehouse, only), Waiter(warehouse, only)
    assert not dead.is_granted()
    holder.release(permit)
    assert not alive.is_granted()
    clock.move(1.1)
    assert alive.ask()
    assert query(warehouse, "SELECT count(*) FROM ops.waiters") == [(1,)]
    clock.move(4)
    assert alive.ask()
    assert query(warehouse, "SELECT count(*) FROM ops.waiters") == [(0,)]


def test_a_turn_that_nobody_expects_is_not_wasted(clock: Clock, warehouse: Warehouse) -> None:
    """Two give up; the third, who doesn't know it, loses nothing when a newcomer goes."""
    spaced = account(limits={"min_interval_s": 10})
    assert Waiter(warehouse, spaced).ask()
    first, second, third, newcomer = (Waiter(warehouse, spaced) for _ in range(4))
    assert [waiter.look().wait_s for waiter in (first, second, third)] == [10, 20, 30]
    for waiter in (first, second):
        waiter.look(patience_s=0)
    clock.move(10)
    assert newcomer.ask()
    assert not newcomer.ask()
    clock.move(10)
    assert third.ask()


def test_a_long_wait_is_told_and_ends_when_the_limiter_closes(
    clock: Clock, warehouse: Warehouse
) -> None:
    told: list[Wait] = []

    def on_wait(wait: Wait) -> None:
        told.append(wait)
        telling.close()

    telling = Limiter(warehouse, on_wait=on_wait)
    spaced = account(limits=SPACED)
    assert Waiter(warehouse, spaced).ask()
    began = time.monotonic()
    with (
        pytest.raises(DeferredError),
        telling.permit(spaced, "calls", "cdr_1", Patience(True, timedelta(hours=1), False)),
    ):
        pass
    assert time.monotonic() - began < 5
    assert told == [Wait(spaced, "calls", "cdr_1", "spacing", NOON + timedelta(seconds=300))]


# Pauses that the vendor asks for.


def test_a_pause_holds_the_credential_for_everybody(clock: Clock, warehouse: Warehouse) -> None:
    waiter = Waiter(warehouse, account())
    waiter.release(waiter.look().permit, status=429, hold_s=7)
    look = Waiter(warehouse, account("twin"), "cdr_2", patience_s=0).look()
    assert (look.reason, look.wait_s) == ("vendor", 7)
    clock.move(7)
    assert waiter.ask()


def test_a_shorter_pause_does_not_end_a_longer_one(clock: Clock, warehouse: Warehouse) -> None:
    waiter = Waiter(warehouse, account(limits={"concurrency": 2}))
    first, second = waiter.look().permit, waiter.look().permit
    waiter.release(first, hold_s=60)
    waiter.release(second, hold_s=5)
    assert waiter.look().wait_s == 60


def test_a_pause_of_our_own_doubles_while_the_vendor_asks_for_more(
    clock: Clock, warehouse: Warehouse
) -> None:
    """Whatever request, stream or poll it answers so; not once it has had its peace for as long."""
    asker = account(limits={"min_interval_s": 0})

    def refused(report: str) -> float:
        """Asks, is refused without a time, and returns how long the pause is."""
        waiter = Waiter(warehouse, asker, report)
        waiter.release(waiter.look().permit, status=429, hold_s=2, hold_grows=True)
        return float(Waiter(warehouse, asker, report, patience_s=0).look().wait_s)

    waited = []
    for number in range(12):
        waited.append(refused(f"cdr_{number % 2}"))
        clock.move(waited[-1])
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.move(899)
    assert refused("cdr_1") == 900
    clock.move(2 * 900)
    assert refused("cdr_1") == 2


def test_requests_in_flight_together_double_a_pause_once(
    clock: Clock, warehouse: Warehouse
) -> None:
    waiter = Waiter(warehouse, account(limits={"concurrency": 4}))
    permits = [waiter.look().permit for _ in range(4)]
    for permit in permits:
        clock.move(0.1)
        waiter.release(permit, hold_s=2, hold_grows=True)
    assert waiter.look().wait_s == 2


# Leases.


def test_a_renewed_lease_lasts(clock: Clock, warehouse: Warehouse) -> None:
    waiter = Waiter(warehouse, account())
    permit = waiter.look().permit
    for _ in range(4):
        clock.move(14)
        assert warehouse.rows("limits/renew_permits", permits=[permit])
        assert not Waiter(warehouse, account()).is_granted()


def test_a_late_renewal_is_good_until_somebody_has_counted_the_permit_as_lost(
    clock: Clock, warehouse: Warehouse
) -> None:
    waiter = Waiter(warehouse, account())
    permit = waiter.look().permit
    clock.move(20)
    assert warehouse.rows("limits/renew_permits", permits=[permit])
    clock.move(20)
    assert Waiter(warehouse, account()).is_granted()
    assert not warehouse.rows("limits/renew_permits", permits=[permit])


def test_a_lost_request_counts_from_its_leases_end(clock: Clock, warehouse: Warehouse) -> None:
    """It may have reached the vendor as late as that."""
    waiter = Waiter(warehouse, account(limits=SPACED))
    assert waiter.is_granted()
    clock.move(15)
    look = waiter.look()
    assert (look.reason, look.until) == ("spacing", NOON + timedelta(seconds=315))
    assert query(warehouse, "SELECT error, duration_s FROM ops.requests") == [
        ("the worker was lost before the answer came", 15)
    ]


def test_an_answer_after_the_lease_is_kept_with_its_request(
    clock: Clock, warehouse: Warehouse
) -> None:
    """What it brought names a request that is in the ledger, once, with its real end."""
    waiter = Waiter(warehouse, account(limits=SPACED))
    permit = waiter.look().permit
    clock.move(20)
    assert not waiter.is_granted()
    waiter.release(permit, duration_s=21, records=3)
    assert query(warehouse, "SELECT id, status, records, error FROM ops.requests") == [
        (permit, 200, 3, None)
    ]


def test_a_worker_knows_that_its_lease_ran_out(warehouse: Warehouse) -> None:
    limiter = Limiter(warehouse, lease=timedelta(seconds=0.3))
    with limiter.permit(account(), "calls", "cdr_1", AT_ONCE) as permit:
        time.sleep(0.7)
        permit.check()  # renewed
        query(warehouse, "UPDATE ops.permits SET reached_at = now()")
        time.sleep(0.5)
        with pytest.raises(TransientError, match="lost"):
            permit.check()
    limiter.close()


# Clocks.


def test_a_clock_set_back_delays_nothing_by_more_than_it_lasts(
    clock: Clock, warehouse: Warehouse
) -> None:
    spaced = account(limits=SPACED)
    waiter = Waiter(warehouse, spaced)
    waiter.release(waiter.look().permit, hold_s=100)
    twin = account("twin", limits=SPACED)
    assert not Waiter(warehouse, twin, returns=True, patience_s=1).is_granted()
    lost = Waiter(warehouse, account("other", "0ther"))
    assert lost.is_granted()
    clock.move(-86_400)
    assert waiter.look().wait_s == 600  # the spacing, and the one that is away
    assert not lost.is_granted()
    clock.move(15)
    assert lost.is_granted()
    clock.move(285 + 90)
    assert waiter.is_granted()


# What is stored.


def test_credentials_are_stored_as_keyed_hashes_only(
    clock: Clock, warehouse: Warehouse, limiter: Limiter
) -> None:
    first, twin = account(token="s3cr3t-canary"), account("twin", token="s3cr3t-canary")
    assert limiter.credential(first) == limiter.credential(twin)
    assert limiter.credential(first) != limiter.credential(account(token="another"))
    with limiter.permit(first, "calls", "cdr_1", AT_ONCE):
        with pytest.raises(DeferredError), limiter.permit(twin, "calls", "cdr_1", AT_ONCE):
            pass
        tables = query(warehouse, "SELECT tablename FROM pg_tables WHERE schemaname = 'ops'")
        text = "".join(str(query(warehouse, f"SELECT * FROM ops.{name}")) for (name,) in tables)
    assert limiter.credential(first) in text
    assert "canary" not in text
    query(warehouse, "UPDATE ops.settings SET value = 'another key'")
    assert Limiter(warehouse).credential(first) != limiter.credential(first)


def test_the_ledger_has_every_request(clock: Clock, warehouse: Warehouse, limiter: Limiter) -> None:
    with limiter.permit(account(), "calls", "cdr_1", BEHIND) as permit:
        permit.outcome.status, permit.outcome.records = 200, 5
    assert query(
        warehouse,
        "SELECT id, account, stream, report, backfill, requested_at, status, records, run_id"
        "  FROM ops.requests",
    ) == [(permit.id, "acme", "calls", "cdr_1", True, NOON, 200, 5, "a-run")]


def test_a_permit_costs_two_round_trips(warehouse: Warehouse, tmp_path: Path) -> None:
    """One to acquire it, one to release it: no transaction around them, no ping before."""
    lonely = Warehouse(warehouse.url.render_as_string(hide_password=False), pool_size=1)
    limiter = Limiter(lonely)
    with limiter.permit(account(), "calls", "cdr_1", AT_ONCE):
        pass  # connects, and learns the key
    with lonely.autocommit.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with (tmp_path / "wire").open("w+") as wire:
        driver.pgconn.trace(wire.fileno())
        with limiter.permit(account(), "calls", "cdr_1", AT_ONCE):
            pass
        driver.pgconn.untrace()
        wire.seek(0)
        assert wire.read().count("ReadyForQuery") == 2
    limiter.close()
    lonely.close()


def test_the_limiter_refuses_a_transaction_that_cannot_see_what_was_granted(
    warehouse: Warehouse,
) -> None:
    isolated = warehouse.engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="READ COMMITTED"):
        connection.execute(sa.text("SELECT ops.lock_credential('any')"))


# Over processes.

HOLD = """
import sys, time
from datetime import timedelta
from resources.permits import Limiter
from resources.warehouse import Warehouse
from tests.db.permits import AT_ONCE, account
limiter = Limiter(Warehouse(sys.argv[1]), "killed", lease=timedelta(seconds=1.5))
with limiter.permit(account(), "calls", "cdr_1", AT_ONCE):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold(warehouse: Warehouse) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that holds the permit until its input ends."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        url = warehouse.url.render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_one_process_waits_for_another_and_not_for_a_killed_one(
    warehouse: Warehouse, limiter: Limiter, hold: Callable[[], subprocess.Popen[str]]
) -> None:
    """The holder renews its lease for as long as it lives; killed, it is free within a lease."""
    process = hold()
    patient = Patience(backfill=False, longest=timedelta(seconds=2), returns=False)
    with (
        pytest.raises(DeferredError, match="so many requests at once"),
        limiter.permit(account(), "calls", "cdr_1", patient),
    ):
        pass
    process.kill()
    began = time.monotonic()
    patient = Patience(backfill=False, longest=timedelta(seconds=10), returns=False)
    with limiter.permit(account(), "calls", "cdr_1", patient):
        assert time.monotonic() - began < 4
    assert query(warehouse, "SELECT run_id, error FROM ops.requests ORDER BY id") == [
        ("killed", "the worker was lost before the answer came"),
        ("a-run", None),
    ]


def test_whoever_does_not_say_all_is_refused(warehouse: Warehouse) -> None:
    """A limit that isn't there would be none."""
    asked = Waiter(warehouse, account("alone")).asked
    for name in asked:
        rest = payload.encode({key: asked[key] for key in asked if key != name}).decode()
        with pytest.raises(sa.exc.DBAPIError, match=f"not said: {{{name}}}"):
            warehouse.rows("limits/acquire_permit", asked=rest)


@pytest.mark.parametrize(("poll_every_s", "turn"), [(300, 900), (600, 600), (900, 450)])
def test_a_backfill_takes_about_as_long_as_is_said_before_it_begins(
    warehouse: Warehouse, poll_every_s: int, turn: float
) -> None:
    """Eight days, a request each, beside polls that take their turns; hours go by in seconds."""
    days = [date(2026, 2, day) for day in range(1, 9)]
    spaced = account(limits={"min_interval_s": 300}, poll_every=timedelta(seconds=poll_every_s))
    stream = discover()["wolkvox"].stream("agent_usage")
    clock, began = Clock(warehouse), NOON
    assert turn_s(spaced) == pytest.approx(turn)
    backfill = Waiter(warehouse, spaced, "agent_usage", backfill=True)
    told: list[datetime] = []
    pace = BackfillProgress(warehouse, None, lambda _: None)
    with pace.follow(AccountStream(spaced, stream), days, len(days)) as done:
        asked, next_poll = 0, 0.0
        poll: Waiter | None = None
        while asked < len(days):
            elapsed = (clock.at - began).total_seconds()
            if poll is None and elapsed >= next_poll - 30:  # as early as schedules are
                poll = Waiter(warehouse, spaced, "agent_usage")
            if poll and poll.ask():
                poll, next_poll = None, elapsed + poll_every_s
            if backfill.ask():
                asked += 1
                done()
            if asked < len(days):
                pace.waits(Wait(spaced, stream.name, "cdr_2", "spacing", clock.at))
                (row,) = warehouse.rows("status/backfills")
                assert row.days_read == row.requests == asked
                told.append(row.expected_at)
            clock.move(10)
    took = clock.at - began
    for end in told:
        assert abs(end - clock.at) < 0.25 * took + timedelta(seconds=turn)
    assert len(set(told)) > 5
