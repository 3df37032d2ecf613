"""Who goes first: polls before backfills, and nobody starves."""

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from resources.errors import DeferredError
from resources.http.permits import Limiter, Patience, Wait
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import AT_ONCE, NOON, Clock, Waiter, account

SPACED = {"min_interval_s": 300}


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


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
            clock.move(10)
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


def test_a_turn_on_another_day_is_told_with_its_date(
    clock: Clock, warehouse: Warehouse, limiter: Limiter
) -> None:
    spaced = account(limits={"min_interval_s": 86_400})
    assert Waiter(warehouse, spaced).ask()
    until = NOON + timedelta(days=1)
    with (
        pytest.raises(DeferredError, match=f"asked again at {until:%Y-%m-%d %H:%M:%S} UTC"),
        limiter.permit(spaced, "calls", "cdr_1", AT_ONCE),
    ):
        pass


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
