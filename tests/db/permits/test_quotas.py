"""What may be asked in a day."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from resources.errors import QuotaExhaustedError
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from resources.text import payload
from tests.db.permits.waiter import AT_ONCE, BEHIND, NOON, Clock, Waiter, account


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_a_quota_is_the_operations_and_the_vendors_days(clock: Clock, warehouse: Warehouse) -> None:
    """Two tokens, one quota; it begins anew at midnight in Bogotá, which is 5:00 UTC; a minute
    later where it was used up, as the vendor's clock may be slow.
    """
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
    look = Waiter(warehouse, here).look()
    assert (look.reason, look.until) == ("quota", midnight + timedelta(minutes=1))
    clock.move(60)
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


def test_what_the_vendor_says_of_its_quota_holds_a_token_under_each_of_its_names(
    clock: Clock, warehouse: Warehouse
) -> None:
    """Where no quota is set: two accounts with one token, of which one was told; and renamed."""
    told, until = Waiter(warehouse, account("north")), NOON + timedelta(hours=3)
    told.release(told.look().permit, exhausted_until=until)
    for name in ("south", "north", "north-bogota", "south"):
        look = Waiter(warehouse, account(name)).look()
        assert (look.reason, look.until) == ("quota", until)
    assert Waiter(warehouse, account("east", "another")).ask()
    clock.set(until)
    assert all(Waiter(warehouse, account(name)).ask() for name in ("south", "north"))


QUOTAS = "SELECT bucket, day::text, used, by_backfill FROM ops.quotas ORDER BY day, bucket"


@pytest.mark.parametrize("about_midnight", [False, True])
def test_what_an_operation_has_used_goes_with_its_credentials_under_another_name(
    about_midnight: bool, clock: Clock, warehouse: Warehouse
) -> None:
    """To the vendor it is the same customer: an operation of two tokens that is renamed, where one
    of them had been alone before. Where they part, each counts what both have used.
    """
    clock.set(datetime(2026, 3, 11, 4, 59, 30, tzinfo=UTC) if about_midnight else NOON)
    quota = {"limits": {"daily_requests": 20}}
    days = ["2026-03-10", "2026-03-11"][: 1 + about_midnight]

    def used(*rows: tuple[str, int, int]) -> None:
        expected = [(bucket, day, *counts) for day in days for bucket, *counts in rows]
        assert query(warehouse, QUOTAS) == expected

    def ask(token: str, operation: str, *backfills: bool) -> None:
        asked = account(operation, token, operation=operation, **quota)
        assert all(Waiter(warehouse, asked, backfill=backfill).ask() for backfill in backfills)

    ask("a", "alone", False, True)
    ask("a", "both", False)
    ask("b", "both", True, False)
    used(("alone", 0, 0), ("both", 5, 2))
    ask("a", "named", False)
    used(("alone", 0, 0), ("both", 0, 0), ("named", 6, 2))
    ask("b", "named", False)
    used(("alone", 0, 0), ("both", 0, 0), ("named", 7, 2))
    ask("a", "alone", False)
    used(("alone", 8, 2), ("both", 0, 0), ("named", 0, 0))
    ask("b", "named", True)
    used(("alone", 0, 0), ("both", 0, 0), ("named", 9, 3))
    parts = query(warehouse, "SELECT by_credential FROM ops.quotas WHERE bucket = 'named'")
    assert [sorted(part.values()) for (part,) in parts] == [[[4, 2], [5, 1]]] * len(days)


def test_a_customer_has_one_quota_whatever_its_names_and_tokens_of_the_day(
    clock: Clock, warehouse: Warehouse
) -> None:
    """Two tokens of one operation that is renamed, of which only one asks then; and an account
    whose token is changed before its name.
    """

    def ask(token: str, operation: str, times: int) -> int:
        quota = account(operation, token, operation=operation, limits={"daily_requests": 10})
        return sum(Waiter(warehouse, quota).ask() for _ in range(times))

    assert (ask("a", "acme", 2), ask("b", "acme", 20)) == (2, 8)
    assert (ask("a", "acme-group", 9), ask("b", "acme-group", 9)) == (0, 0)
    assert (ask("old", "other", 8), ask("new", "other", 1)) == (8, 1)
    assert ask("new", "other-bogota", 20) == 1


def test_what_was_moved_since_the_look_is_not_counted_where_it_is_not_any_more(
    clock: Clock, warehouse: Warehouse
) -> None:
    """Another token of the operation takes its counts along between a look and its grant."""
    asked = account("acme", "a", operation="one", limits={"daily_requests": 10})
    waiter = Waiter(warehouse, asked)
    assert waiter.ask()
    count = "SELECT ops.count_request(CAST(:asked AS jsonb), '2026-03-10', 10)"
    move = f"SELECT ops.move_quota('{waiter.credential}', 'two', '2026-03-10')"
    told = {"asked": payload.encode(waiter.asked).decode()}
    with warehouse.transaction() as connection:
        assert connection.scalar(sa.text(count), told)
        connection.execute(sa.text(move))
        assert not connection.scalar(sa.text(count), told)
    assert waiter.ask()
    assert query(warehouse, QUOTAS) == [("one", "2026-03-10", 3, 0), ("two", "2026-03-10", 0, 0)]


def test_a_used_up_quota_stays_so_under_another_name(clock: Clock, warehouse: Warehouse) -> None:
    """By the count, and by the vendor's word; not for another token."""

    def waiter(name: str, token: str) -> Waiter:
        return Waiter(warehouse, account(name, token, limits={"daily_requests": 3}))

    assert [waiter("acme", "a").ask() for _ in range(4)] == [True, True, True, False]
    assert waiter("acme-bogota", "a").look().reason == "quota"
    assert waiter("acme-bogota", "b").ask() is False, "it has the operation's"
    told, until = waiter("told", "c"), NOON + timedelta(hours=3)
    told.release(told.look().permit, exhausted_until=until)
    look = waiter("renamed", "c").look()
    assert (look.reason, look.until) == ("quota", until)
    assert waiter("other", "d").ask()


def test_credentials_that_change_their_operations_at_once_lose_no_request(
    warehouse: Warehouse,
) -> None:
    """They take along what the others have used, who look again then."""
    limits = {"daily_requests": 10_000, "concurrency": 9}
    barrier, asked = threading.Barrier(4), []

    def ask(token: str, n: int) -> None:
        barrier.wait()
        for turn in range(20):
            name = "one" if (turn + n) % 2 else "two"
            waiter = Waiter(warehouse, account(name, token, limits=dict(limits)))
            while not waiter.ask():
                pass
            asked.append(turn)

    threads = [threading.Thread(target=ask, args=(f"t{n}", n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 80
    assert query(warehouse, "SELECT sum(used) FROM ops.quotas") == [(80,)]


def test_a_request_about_midnight_counts_on_both_days(clock: Clock, warehouse: Warehouse) -> None:
    """It may reach the vendor before it or after."""
    waiter = Waiter(warehouse, account(limits={"daily_requests": 4}))
    midnight = datetime(2026, 3, 11, 5, tzinfo=UTC)
    for second in (-60.1, -60, 0, 59.9):
        clock.set(midnight + timedelta(seconds=second))
        assert waiter.ask()
    assert waiter.look().reason == "quota", "the day before has no room"
    clock.set(midnight + timedelta(seconds=60))
    assert waiter.ask()
    assert query(warehouse, "SELECT day::text, used FROM ops.quotas ORDER BY day") == [
        ("2026-03-10", 4),
        ("2026-03-11", 4),
    ]


def test_what_is_not_granted_after_midnight_counts_on_neither_day(
    clock: Clock, warehouse: Warehouse
) -> None:
    """Another token takes the new day's last request between a look and its grant."""
    waiter = Waiter(warehouse, account(limits={"daily_requests": 4}))
    clock.set(datetime(2026, 3, 11, 5, 0, 30, tzinfo=UTC))
    assert waiter.ask()
    asked: list[bool] = []
    thread = threading.Thread(target=lambda: asked.append(waiter.ask()))
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
    with warehouse.transaction() as other:
        other.execute(sa.text("UPDATE ops.quotas SET used = 4 WHERE day = '2026-03-11'"))
        thread.start()
        while query(warehouse, waits) == [(0,)]:
            assert thread.is_alive()
    thread.join()
    assert asked == [False]
    assert query(warehouse, "SELECT day::text, used FROM ops.quotas ORDER BY day") == [
        ("2026-03-10", 1),
        ("2026-03-11", 4),
    ]


def test_a_used_up_day_goes_on_a_minute_after_midnight_under_another_name_too(
    clock: Clock, warehouse: Warehouse
) -> None:
    """By our count, and by the vendor's word: to a clock that is slow it is still that day."""
    midnight = datetime(2026, 3, 11, 5, tzinfo=UTC)
    counted = Waiter(warehouse, account(limits={"daily_requests": 1}))
    told = Waiter(warehouse, account("told", "b"))
    assert counted.ask()
    told.release(told.look().permit, exhausted_until=midnight)
    renamed = Waiter(warehouse, account("renamed", limits={"daily_requests": 1}))
    for second, goes_on in ((0, False), (59.9, False), (60, True)):
        clock.set(midnight + timedelta(seconds=second))
        assert [waiter.ask() for waiter in (renamed, told)] == [goes_on] * 2


def test_a_clock_that_was_ahead_over_midnight_takes_nothing_from_the_new_day(
    clock: Clock, warehouse: Warehouse
) -> None:
    """What was asked by it counts on the day that it really was, and so does the vendor's word."""
    midnight = datetime(2026, 3, 11, 5, tzinfo=UTC)
    counted = Waiter(warehouse, account(limits={"daily_requests": 10}))
    told = Waiter(warehouse, account("told", "b"))
    clock.set(midnight + timedelta(minutes=30))
    assert sum(counted.ask() for _ in range(7)) == 7
    told.release(told.look().permit, exhausted_until=midnight + timedelta(days=1))
    clock.move(-3600)
    assert sum(counted.ask() for _ in range(7)) == 3
    assert [waiter.look().until for waiter in (counted, told)] == [midnight] * 2
    clock.set(midnight + timedelta(hours=8))
    assert told.ask()
    assert sum(counted.ask() for _ in range(20)) == 10


def test_a_day_that_ended_too_soon_by_a_wrong_time_zone_is_one_day(
    clock: Clock, warehouse: Warehouse
) -> None:
    clock.set(datetime(2026, 3, 11, 1, tzinfo=UTC))  # Bogotá's 10th, Madrid's 11th
    asked = []
    for zone in ("Europe/Madrid", "America/Bogota"):
        asker = account(timezone=ZoneInfo(zone), limits={"daily_requests": 10})
        asked.append(sum(Waiter(warehouse, asker).ask() for _ in range(12)))
    assert asked == [10, 0]


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
