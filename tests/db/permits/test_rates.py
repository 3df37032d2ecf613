"""How many requests at once, how far apart, how many a second."""

from datetime import timedelta

import pytest

from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import NOON, Clock, Waiter, account

SPACED = {"min_interval_s": 300}
PACED = {"requests_per_s": 10, "concurrency": 20}


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
