"""Pauses that the vendor asks for, and clocks that jump."""

from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import Clock, Waiter, account

SPACED = {"min_interval_s": 300}


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
