"""Complete or not is a stored fact by account, stream and day, with the vendor's total."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from resources.standin import Fault
from resources.windows import day_end, day_start
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.lists import EVERY

EVENING = NOON + timedelta(hours=20)


@pytest.mark.parametrize("vendor", EVERY)
def test_an_empty_day_is_complete_with_zero_rows(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.at(NOON + timedelta(days=3))
    here.backfill()
    here.confirm()
    day = here.day()
    assert (day.state, day.raw_records, day.facts, day.rejects) == ("complete", 0, 0, 0)


@pytest.mark.parametrize("vendor", ["evolux", "vono", "wolkvox"])
def test_a_day_has_the_vendor_s_total(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(NOON + timedelta(days=3))
    here.backfill()
    assert (here.day().state, here.day().vendor_total) == ("complete", 2)


@pytest.mark.parametrize("vendor", ["evolux", "vono", "wolkvox"])
def test_fewer_records_than_the_vendor_counts_are_not_a_complete_day(
    scene: Open, vendor: str
) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2), here.thing(3))
    here.at(NOON + timedelta(days=3))
    here.tenant.arm(Fault.short(), 100)
    result = here.backfill()
    assert result.error
    assert "the vendor counts 3 records" in result.error
    assert here.day().state == "failed"
    assert here.day().raw_records == 2, "what came is there all the same"
    here.tenant.disarm()
    here.backfill()
    assert (here.day().state, here.day().vendor_total) == ("complete", 3)


@pytest.mark.parametrize("vendor", EVERY)
def test_a_day_that_goes_on_is_open(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.poll()
    assert here.day().state == "open"
    here.backfill()
    assert here.day().state == "open"


@pytest.mark.parametrize("vendor", EVERY)
def test_a_poll_that_began_before_midnight_does_not_close_the_day(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    end = day_end(DAY, here.kind.zone)
    here.at(end - timedelta(seconds=1))
    here.poll()
    assert here.day().state == "open"
    here.at(end + timedelta(seconds=2))
    here.poll()
    assert here.day().state == "open", "the last calls may still be coming in"
    here.at(end + timedelta(minutes=6))
    here.poll()
    assert here.day().state in ("settling", "complete")


@pytest.mark.parametrize("vendor", EVERY)
def test_a_weekend_s_outage_is_caught_up(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.poll()
    days = [DAY + timedelta(days=n) for n in range(4)]
    things = [here.thing(n, minutes=n * 24 * 60) for n in range(4)]
    here.put(*things)
    here.at(NOON + timedelta(days=3))
    here.poll()
    here.poll()
    rows = here.query("SELECT call_date, state, facts FROM ops.days WHERE account = :account")
    facts: dict[date, int] = {day: count for day, _, count in rows}
    assert facts == dict.fromkeys(days, 1)
    ((watermark,),) = here.query("SELECT watermark FROM ops.streams WHERE account = :account")
    assert watermark == NOON + timedelta(days=3)


def test_a_call_that_ended_during_an_outage_is_found_in_its_day(scene: Open) -> None:
    """Conpeek lists a dialog by when it ended; its day had counted as complete."""
    here = scene("conpeek")
    end = day_end(DAY, here.kind.zone)
    here.at(end + timedelta(minutes=6))
    here.poll()
    here.confirm()
    assert here.day().state == "complete"
    late = here.system.clock.now() + timedelta(minutes=30)
    here.put(here.thing(1, start=end - timedelta(minutes=10), end=late))
    here.at(end + timedelta(days=3))
    here.poll()
    here.poll()
    assert (here.day().state, here.day().facts) == ("complete", 1)


def test_a_backfill_touches_neither_the_watermark_nor_the_next_poll(scene: Open) -> None:
    here = scene("evolux")
    here.poll()
    state = "SELECT watermark, next_due_at, failures FROM ops.streams WHERE account = :account"
    before = here.query(state)
    here.later(hours=30)
    here.backfill()
    here.tenant.arm(Fault.html(), 9)
    assert here.backfill().error
    assert here.query(state) == before


def test_a_failing_old_day_does_not_delay_the_polls(scene: Open) -> None:
    here = scene("evolux", DAY - timedelta(days=1))
    here.tenant.arm(Fault.html(), 1, after=4)  # the live window is read first, in its pieces
    assert here.poll().error
    due = "SELECT next_due_at, failures FROM ops.streams WHERE account = :account"
    assert here.query(due) == [(NOON + timedelta(minutes=5), 0)]
    assert here.day(DAY - timedelta(days=1)).state == "failed"


def test_the_watermark_never_goes_back_and_a_clock_set_back_stops_no_poll(scene: Open) -> None:
    here = scene("conpeek")
    here.at(EVENING)
    here.poll()
    here.at(EVENING - timedelta(hours=2))
    here.put(here.thing(1, start=EVENING - timedelta(hours=3), end=EVENING - timedelta(hours=2.2)))
    assert here.poll().error is None
    ((watermark,),) = here.query("SELECT watermark FROM ops.streams WHERE account = :account")
    assert watermark == EVENING
    assert len(here.facts("leg_id", "1")) == 1


def test_before_its_first_day_an_account_is_left_alone(scene: Open) -> None:
    here = scene("conpeek", DAY + timedelta(days=2))
    here.system.standin.requests.clear()
    here.poll()
    assert not here.system.standin.requests
    ((due,),) = here.query("SELECT next_due_at FROM ops.streams WHERE account = :account")
    assert due > NOON + timedelta(days=1)


def test_an_hour_that_comes_twice_counts_once_in_the_vendors_total(scene: Open) -> None:
    """A day of 25 hours in halves: each half is asked for with the whole doubled hour."""
    zone, day = ZoneInfo("America/Santiago"), date(2025, 4, 5)
    here = scene("wolkvox.calls", day)
    here.kind, here.tenant.zone = replace(here.kind, zone=zone), zone
    limits = here.account.limits.model_copy(update={"max_records": 30})
    here.account = here.account.model_copy(update={"timezone": zone, "limits": limits})
    start = day_start(day, zone)
    for n in range(50):
        begins = start + timedelta(minutes=30 * n)
        here.put(replace(here.thing(n), start=begins, end=begins + timedelta(minutes=1)))
    here.at(start + timedelta(days=9))
    assert here.backfill(day).error is None
    found = here.day(day)
    assert (found.state, found.facts, found.vendor_total) == ("complete", 50, 50)
    assert here.unreconciled(day) == []
