"""The last second of a window: some servers show it and some don't, whatever is documented."""

from datetime import timedelta

import pytest

from resources.standin import Fault, Quirk
from resources.windows import day_end, day_start
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.lists import shown

VENDORS = ["clickfono", "conpeek", "evolux", "vono", "wolkvox.calls", "wolkvox.unconnected_calls"]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "quirk", [Quirk.end_excluded(), Quirk.end_included()], ids=lambda q: q.name
)
@pytest.mark.parametrize("vendor", VENDORS)
def test_no_call_is_lost_and_none_is_in_two_days(scene: Open, vendor: str, quirk: Quirk) -> None:
    here = scene(vendor, DAY)
    here.tenant.behave(quirk)
    midnight, next_day = day_end(DAY, here.account.timezone), DAY + timedelta(days=1)
    for number, start in enumerate((midnight - 2 * SECOND, midnight - SECOND, midnight)):
        here.put(here.thing(number, start=start, end=start + SECOND))
    here.put(here.thing(3))
    here.at(NOON + timedelta(days=9))
    for _ in range(2):
        assert here.backfill().error is None
        day = here.day()
        assert (day.state, day.facts) == ("complete", 3)
        assert day.vendor_total in (None, 3)
        assert here.unreconciled() == []
        assert here.backfill(next_day).error is None
    assert (here.day(next_day).state, here.day(next_day).facts) == ("complete", 1)
    assert here.facts("count(*)", "count(missing_since)") == [(4, 0)]


@pytest.mark.parametrize(
    "quirk", [Quirk.end_excluded(), Quirk.end_included()], ids=lambda q: q.name
)
def test_no_recording_is_lost_between_the_parts_of_a_day(scene: Open, quirk: Quirk) -> None:
    """A day that is too much at once: each quarter has one in its last second."""
    here = scene("vono", DAY)
    rows = 3 * here.kind.page_rows
    here.tenant.behave(quirk, Quirk.deep_pages_refused(here.kind.page_rows))
    began = day_start(DAY, here.account.timezone)
    for number in range(1, rows + 1):
        start = began + timedelta(days=1) * number / rows - SECOND
        here.put(here.thing(number, start=start.replace(microsecond=0), end=start + SECOND))
    here.at(NOON + timedelta(days=9))
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", list(range(1, rows + 1)))
    assert here.unreconciled() == []


def test_a_span_that_the_vendor_does_not_understand_is_no_fault_of_the_day(scene: Open) -> None:
    """Vono's document doesn't say how times and dates combine over days."""
    here = scene("vono")
    here.put(here.thing(1))
    here.at(NOON + timedelta(days=9))
    for fault in (Fault.status(400), Fault.status(500)):
        here.tenant.arm(fault, 99, when=lambda ask: ask.query["date_ini"] != ask.query["date_end"])
        assert here.backfill().error is None
        assert (here.day().state, here.day().vendor_total) == ("complete", 1)
        here.tenant.disarm()
