"""Answers that a cache kept: they say so themselves, and count for when they were made."""

from datetime import timedelta

import pytest

from resources.standin import Fault
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.lists import RECORDS

LATER = NOON + timedelta(days=8)


@pytest.mark.parametrize("vendor", RECORDS)
def test_an_answer_from_before_the_days_end_completes_nothing(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=number) for number in range(2)))
    here.at(LATER)
    here.tenant.arm(Fault.kept(8 * 86_400), 99)
    assert here.backfill().error is None
    day = here.day()
    assert (day.state, day.facts) == ("settling", 2)
    assert "the answer was made at 2025-03-12" in day.note
    assert day.next_read_at == here.system.clock.now() + timedelta(hours=1)

    here.put(here.thing(2, minutes=2))
    here.tenant.disarm()
    here.later(hours=2)
    here.poll()
    assert (here.day().state, here.day().facts) == ("complete", 3)

    here.tenant.clear()  # what is older than what is known deletes nothing
    here.put(here.thing(0))
    here.tenant.arm(Fault.kept(8 * 86_400), 99)
    for _ in range(2):
        here.backfill()
        assert (here.day().state, here.day().facts, here.day().missing) == ("complete", 3, 0)


def test_an_old_answer_to_a_settled_day_completes_it(scene: Open) -> None:
    here = scene("vono")
    here.put(here.thing(1))
    here.at(LATER)
    here.tenant.arm(Fault.kept(3 * 86_400), 99)
    here.backfill()
    assert here.day().state == "complete"


def test_the_watermark_stays_behind_an_old_answer(scene: Open) -> None:
    here = scene("evolux")
    here.tenant.arm(Fault.kept(3600), 99)
    here.poll()
    query = "SELECT watermark FROM ops.streams WHERE account = :account"
    assert here.query(query) == [(NOON - timedelta(hours=1),)]
    here.tenant.disarm()
    here.later(minutes=5)
    here.poll()
    assert here.query(query)[0][0] > NOON
    assert here.day(DAY).state == "open"
