"""Totals: nothing is lost or double where rows shift, stand twice, or come while one reads."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from resources.standin import Fault, Quirk
from resources.standin.answer import Answer, Ask
from resources.windows import ONE_DAY
from tests.loading.conftest import DAY, NOON, Open, Scene
from tests.loading.lists import (
    EVENING,
    MANY,
    PAGED_TOTALS,
    PAGED_TOTALS_AND_PRACTICE,
    PIECES,
    crowd,
    shown,
)


@pytest.mark.parametrize("vendor", PAGED_TOTALS_AND_PRACTICE)
def test_a_call_that_arrives_between_pages_shifts_nobody_out(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY)))
    here.at(EVENING)
    serve, come = here.tenant.serve, [here.thing(MANY, minutes=1)]

    def serve_then_grow(tenant: object, ask: Ask) -> Answer:
        answer = serve(here.tenant, ask)
        answer.rows[:] = list(answer.rows)
        if come:
            here.put(come.pop())
        return answer

    here.tenant.serve = serve_then_grow
    assert here.backfill().error is None
    assert shown(here) == list(range(1, MANY + 1))
    assert here.day().vendor_total == MANY


@pytest.mark.parametrize("vendor", [*PAGED_TOTALS, "clickfono"])
def test_days_that_all_end_at_a_limit_are_warned_of(scene: Open, vendor: str) -> None:
    """Its totals end there, too: nothing else tells that there are more."""
    here = scene(vendor, DAY - 2 * ONE_DAY)
    days = [DAY - n * ONE_DAY for n in range(3)]
    here.put(
        *(
            replace(here.thing(1000 * n + number, minutes=-number), start=start, end=start)
            for n in range(3)
            for number in range(101)
            for start in [NOON - n * ONE_DAY - timedelta(minutes=number)]
        )
    )
    here.tenant.behave(Quirk.part_only(100))
    here.at(EVENING + 3 * ONE_DAY)
    here.backfill(*days[1:])
    assert here.implausible() == [], "of two days it may be chance"
    here.backfill(*days)
    assert here.implausible() == [DAY]
    here.tenant.behave()
    here.backfill(*days)
    assert here.implausible() == []


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_call_that_vanishes_between_pages_hides_nobody(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    things = [here.thing(number, minutes=-number) for number in range(1, MANY + 1)]
    here.put(*things)
    here.at(EVENING)
    serve, go = here.tenant.serve, [things[0]]

    def serve_then_shrink(tenant: object, ask: Ask) -> Answer:
        answer = serve(here.tenant, ask)
        if go:
            here.remove(go.pop())
        return answer

    here.tenant.serve = serve_then_shrink
    assert here.backfill().error is None
    assert shown(here) == list(range(1, MANY + 1)), "what was seen stays, marked"
    assert (here.day().raw_records, here.day().missing) == (MANY, 1)
    assert here.day().vendor_total == MANY - 1


@pytest.mark.parametrize("vendor", PAGED_TOTALS_AND_PRACTICE)
def test_pages_that_repeat_a_record_count_it_once(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY + 1)))
    here.at(EVENING)
    here.tenant.arm(Fault.repeat(), 10)
    assert here.backfill().error is None
    assert shown(here) == list(range(1, MANY + 1))
    assert len(here.versions()) == MANY


@pytest.mark.parametrize("vendor", PAGED_TOTALS_AND_PRACTICE)
def test_a_total_that_moves_is_read_again(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY + 1)))
    here.at(EVENING)
    here.tenant.arm(Fault.total(MANY + 30))
    assert here.backfill().error is None
    assert here.day().vendor_total == MANY


def test_one_record_in_two_states_on_two_pages_has_both_versions(scene: Open) -> None:
    here = scene("evolux")
    here.put(*(here.thing(number, minutes=-number) for number in range(1, 60)))
    here.at(EVENING)
    changed = here.kind.show(here.thing(1, minutes=-1, value=99), here.kind.zone)
    here.tenant.arm(Fault.add(changed), after=1)
    assert here.backfill().error is None
    assert [row for row in here.versions() if row[0] == "1"] == [("1", 1, "11"), ("1", 2, "99")]
    assert here.day().facts == 59


def grows(here: Scene, newest: bool) -> None:
    """From now on one more call appears after each answer, a newest or an oldest one."""
    serve, numbers = here.tenant.serve, itertools.count(1000)

    def serve_then_grow(tenant: object, ask: Ask) -> Answer:
        answer = serve(here.tenant, ask)
        answer.rows[:] = list(answer.rows)
        here.put(here.thing(next(numbers), minutes=30 if newest else -600))
        return answer

    here.tenant.serve = serve_then_grow


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_total_that_grows_while_a_poll_reads_is_no_error(
    scene: Open, vendor: str, newest: bool
) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, 201)))
    serve = here.tenant.serve
    grows(here, newest)
    assert here.poll().error is None
    assert here.requests() <= 200 // here.kind.page_rows + 2 + PIECES, "read once"
    assert set(shown(here)) >= set(range(1, 201))
    assert here.query("SELECT watermark FROM ops.streams WHERE account = :account") == [(NOON,)]

    here.tenant.serve = serve
    here.later(minutes=5)
    here.poll()
    late = [number for number in shown(here) if number >= 1000]
    assert not newest or late == list(range(1000, 1000 + len(late)))
    here.at(EVENING)
    here.poll()
    assert here.day().state == "complete"


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_total_that_grows_while_a_whole_day_is_read_fails_it(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    crowd(here, 2.2)
    here.at(EVENING)
    here.tenant.behave(Quirk.growing_total())
    assert "the vendor counts" in (here.backfill().error or "")
    assert here.day().state == "failed"
    here.tenant.behave()
    here.backfill()
    assert here.day().state == "complete"


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_total_that_a_poll_does_not_reach_fails_it(scene: Open, vendor: str) -> None:
    """One that stands still, or that shrinks."""
    here = scene(vendor)
    crowd(here, 1.5)
    here.tenant.arm(Fault.total(10_000), 99)
    assert "the vendor counts 10000 records" in (here.poll().error or "")
    here.tenant.disarm()
    for after in (0, 4, 8):
        here.tenant.arm(Fault.total(10_000), 1, after=after)
    here.later(minutes=5)
    assert here.poll().error is None, "it stood still when it was read again"


TOTALS = ["evolux", "vono", "wolkvox.calls", "wolkvox.agent_usage"]


@pytest.mark.parametrize("vendor", TOTALS)
def test_rows_that_stand_twice_are_one_fact_each_and_satisfy_the_total(
    scene: Open, vendor: str
) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, 4)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.behave(Quirk.rows_twice(every=2))
    assert here.backfill().error is None
    day = here.day()
    assert (day.state, day.raw_records, day.facts, day.rejects) == ("complete", 3, 3, 0)
    assert (day.vendor_total, day.repeats, day.note) == (5, 2, "2 rows came twice")
    assert here.unreconciled() == []

    here.tenant.behave()
    here.backfill()
    assert (here.day().vendor_total, here.day().repeats, here.day().note) == (3, 0, None)


@pytest.mark.parametrize("vendor", ["conpeek", "clickfono"])
def test_rows_that_stand_twice_are_told_where_there_is_no_total(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1), here.thing(2))
    here.at(EVENING)
    here.tenant.behave(Quirk.rows_twice(every=2))
    here.backfill()
    assert (here.day().state, here.day().facts, here.day().repeats) == ("complete", 2, 0)
    assert here.day().note == "1 row came twice"


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_rows_that_stand_twice_on_two_pages_are_told_apart_from_rows_that_are_lacking(
    scene: Open, vendor: str
) -> None:
    """As many rows as the vendor counts, and fewer records: a call may have been pushed out."""
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY)))
    here.at(EVENING)
    here.tenant.behave(Quirk.rows_twice(every=3))
    assert here.backfill().error is None
    assert shown(here) == list(range(1, MANY))
    assert here.day().state == "complete"
    assert here.unreconciled() == []


def test_blanks_around_an_agent_s_name_are_the_name_s(scene: Open) -> None:
    """The fact is told apart by it: a rebuild deleted one whose key had none."""
    here = scene("wolkvox")
    for number, blank in ((1, ""), (2, " ")):
        shown = here.kind.show(here.thing(number), here.kind.zone) | {"agent_name": f"Ana{blank}"}
        here.tenant.put([shown], here.kind.report, day=DAY)
    here.at(EVENING + timedelta(days=2))
    here.backfill()
    before = here.facts("agent_name", "calls")
    assert [name for name, _ in sorted(before)] == ["Ana", "Ana "]
    assert (here.day().state, here.day().rejects) == ("complete", 0)
    here.rebuild()
    assert here.facts("agent_name", "calls") == before
    assert here.unreconciled() == []
