"""A permit is held for as long as somebody renews it."""

import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from resources.errors import TransientError
from resources.http import wire
from resources.http.permits import Limiter
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import AT_ONCE, NOON, Clock, Waiter, account

SPACED = {"min_interval_s": 300}


def query(warehouse: Warehouse, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction() as connection:
        result = connection.execute(sa.text(text))
        return [tuple(row) for row in result] if result.returns_rows else []


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
    limiter = Limiter(warehouse, lease=timedelta(seconds=0.4))
    with limiter.permit(account(), "calls", "cdr_1", AT_ONCE) as permit:
        time.sleep(0.7)
        permit.check()  # renewed
        query(warehouse, "UPDATE ops.permits SET reached_at = now()")
        time.sleep(0.5)
        with pytest.raises(TransientError, match="lost"):
            permit.check()
    limiter.close()


def test_a_worker_has_hung_up_when_another_may_ask(warehouse: Warehouse) -> None:
    """Cut off from the database, it still has to look, and what it has just sent to arrive."""
    limiter = Limiter(warehouse, lease=timedelta(seconds=6))
    with limiter.permit(account(), "calls", "cdr_1", AT_ONCE) as permit:
        for renewed in (False, True):
            if renewed:
                first = permit.lease_ends
                while permit.lease_ends == first:
                    time.sleep(0.05)
            left = query(
                warehouse, "SELECT extract(epoch FROM expires_at - now()) FROM ops.permits"
            )
            assert permit.lease_ends - time.monotonic() < float(left[0][0]) - 4 * wire.LOOK_S
    limiter.close()
