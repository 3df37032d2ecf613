"""Paging that shifts: nothing lost, nothing double, by comparing totals and reading again."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from resources.standin import Fault, Quirk
from resources.standin.answer import Answer, Ask
from tests.loading.conftest import DAY, NOON, Open, Scene

EVENING = NOON + timedelta(days=3)
MANY = 120
PIECES = 3
"""So many requests more a poll may make that catches up from midnight to noon."""
"""More than two pages of Evolux's fifty, more than one of Vono's hundred."""
COUNTED = ["evolux", "vono", "kestrel", "merlin"]
"""Those that say how many records a list has."""


def shown(here: Scene) -> list[int]:
    """Numbers of the things that are facts."""
    key = {"calls": "call_id", "recordings": "recording_id", "call_legs": "leg_id"}
    found = here.facts(key[here.kind.table], "1")
    return sorted(int(row[0].rpartition("/")[2].removeprefix("d-")) for row in found)


@pytest.mark.parametrize("vendor", COUNTED)
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


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
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


@pytest.mark.parametrize("vendor", COUNTED)
def test_pages_that_repeat_a_record_count_it_once(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY + 1)))
    here.at(EVENING)
    here.tenant.arm(Fault.repeat(), 10)
    assert here.backfill().error is None
    assert shown(here) == list(range(1, MANY + 1))
    assert len(here.versions()) == MANY


@pytest.mark.parametrize("vendor", COUNTED)
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


# Servers that page as they like.

PAGED = ["conpeek", "evolux", "vono"]
FULL = {"conpeek": 500, "evolux": 50, "vono": 100}
"""Rows of a full page."""


def crowd(here: Scene, pages: float) -> list[int]:
    """So many pages' worth of records, the vendor's own order of pages notwithstanding."""
    numbers = list(range(1, round(FULL[here.kind.vendor] * pages) + 1))
    here.put(*(here.thing(number, minutes=number // 2 - 600) for number in numbers))
    return numbers


@pytest.mark.parametrize("vendor", PAGED)
def test_a_cap_below_what_is_asked_for_loses_nobody(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 0.7)
    here.at(EVENING)
    here.tenant.behave(Quirk.page_cap(FULL[vendor] // 5))
    assert here.poll().error is None
    assert shown(here) == numbers
    here.later(minutes=5)  # Conpeek's window spans days, of which some have nothing: read alone
    assert here.poll().error is None
    assert here.day().state == "complete", here.day().note


@pytest.mark.parametrize("vendor", PAGED)
def test_a_cap_is_noticed_by_a_poll_that_reads_on(scene: Open, vendor: str) -> None:
    """Beyond its first page a poll goes on, also where it had learnt of larger pages."""
    here = scene(vendor)
    crowd(here, 1)
    here.poll()
    here.tenant.behave(Quirk.page_cap(FULL[vendor] // 5))
    more = [here.thing(number, minutes=number // 20) for number in range(1000, 1200)]
    here.put(*more)
    here.later(minutes=5)
    assert here.poll().error is None
    assert set(shown(here)) >= {thing.number for thing in more}


@pytest.mark.parametrize("vendor", PAGED)
@pytest.mark.parametrize("how", ["poll", "backfill"])
def test_the_first_page_again_and_again_is_an_error_within_three_requests(
    scene: Open, vendor: str, how: str
) -> None:
    here = scene(vendor)
    numbers = crowd(here, 1.2)
    here.tenant.behave(Quirk.first_page_only())
    error = (here.poll() if how == "poll" else here.backfill()).error
    assert here.requests() <= 3 + (PIECES if how == "poll" else 0)
    assert here.day().state != "complete"
    if how == "poll" and error is None:  # each of its pieces fits on a page
        assert shown(here) == numbers
    else:
        assert "no record that hadn't come before" in str(error)
        query = "SELECT watermark FROM ops.streams WHERE account = :account"
        assert all(watermark is None or watermark < NOON for (watermark,) in here.query(query))

    here.tenant.behave()
    here.at(EVENING)
    here.backfill()
    assert here.day().state == "complete"


def test_no_page_is_asked_for_beyond_the_last_row(scene: Open) -> None:
    """Without a total the last row says that it is the last one, when a page begins with it."""
    here = scene("conpeek")
    numbers = crowd(here, 1.2)
    here.at(EVENING)
    here.tenant.behave(Quirk.last_page_again())
    assert here.backfill().error is None
    assert here.requests() == 3
    assert shown(here) == numbers


@pytest.mark.parametrize(("pages", "requests"), [(2, 3), (1.9, 2)])
@pytest.mark.parametrize("vendor", ["evolux", "vono"])
def test_one_page_is_asked_for_beyond_a_total_that_a_full_page_reaches(
    scene: Open, vendor: str, pages: float, requests: int
) -> None:
    here = scene(vendor)
    numbers = crowd(here, pages)
    here.at(EVENING)
    here.tenant.behave(Quirk.last_page_again())
    assert here.backfill().error is None
    assert here.requests() == requests
    assert shown(here) == numbers


def lists_that_break_off() -> list[tuple[Quirk, ...]]:
    """Answers after which a reader could think that it had seen all."""
    return [
        (Quirk.empty_from(400, to=900),),
        (Quirk.empty_from(900),),
        (Quirk.page_numbers(500),),
        (Quirk.cached_page(),),
        (Quirk.cached_page(), Quirk.page_cap(150)),
        (Quirk.no_order(),),
        (Quirk.deleted_meanwhile(),),
        (Quirk.deleted_meanwhile(), Quirk.page_cap(150)),
    ]


@pytest.mark.parametrize(
    "quirks", lists_that_break_off(), ids=lambda quirks: "+".join(quirk.name for quirk in quirks)
)
def test_a_list_without_a_total_that_breaks_off_is_read_in_parts(
    scene: Open, quirks: tuple[Quirk, ...]
) -> None:
    here = scene("conpeek")
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(*quirks)
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)
    assert here.requests() < 64


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
def test_a_total_of_the_page_completes_no_day(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.total_of_page())
    assert "the vendor counts" in (here.backfill().error or "")
    assert here.day().state == "failed"
    assert shown(here) == numbers, "what came is there all the same"


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
def test_a_total_with_a_cap_is_asked_for_in_parts(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.total_capped(2 * FULL[vendor]))
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
def test_the_last_page_again_below_the_total_is_an_error(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    crowd(here, 1.5)
    here.at(EVENING)
    here.tenant.behave(Quirk.last_page_again(), Quirk.page_cap(FULL[vendor]))
    here.tenant.arm(Fault.total(10_000), 99)
    assert "no record that hadn't come before" in (here.backfill().error or "")
    assert here.requests() <= 4
    assert here.day().state == "failed"


@pytest.mark.parametrize(
    ("vendor", "status"),
    [
        ("conpeek", 400),
        ("conpeek", 416),
        ("evolux", 400),
        ("evolux", 414),
        ("vono", 413),
        ("vono", 422),
    ],
)
def test_a_depth_that_is_refused_halves_the_window(scene: Open, vendor: str, status: int) -> None:
    here = scene(vendor)
    numbers = crowd(here, 3.2)
    here.at(EVENING)
    here.tenant.behave(Quirk.deep_pages_refused(2 * FULL[vendor], status))
    assert here.backfill().error is None
    assert shown(here) == numbers
    assert here.day().state == "complete"


@pytest.mark.parametrize("vendor", PAGED)
def test_a_depth_that_is_refused_halves_a_poll_that_reads_on(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 1.5)
    here.later(hours=2)
    here.tenant.behave(Quirk.deep_pages_refused(FULL[vendor]))
    assert here.poll().error is None
    assert shown(here) == numbers


@pytest.mark.parametrize("vendor", PAGED)
def test_a_minute_that_is_too_deep_fails_with_a_sentence(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, FULL[vendor] + 2)))
    here.at(EVENING)
    here.tenant.behave(Quirk.deep_pages_refused(FULL[vendor]))
    error = here.backfill().error
    assert error
    assert "is too much at once (HTTP 400" in error
    assert "can't be asked for in parts" in error
    assert here.day().state == "failed"


@pytest.mark.parametrize("vendor", PAGED)
def test_a_first_page_that_is_refused_is_no_depth(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(here.thing(1))
    here.at(EVENING)
    here.tenant.behave(Quirk.deep_pages_refused(0))
    assert "unexpected HTTP 400" in (here.backfill().error or "")
    assert here.requests() == 1


@pytest.mark.parametrize("vendor", PAGED)
def test_gaps_of_deleted_rows_end_no_list(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.gaps(every=FULL[vendor] // 3))
    assert here.backfill().error is None
    assert shown(here) == numbers
    assert here.day().state == "complete"


def test_a_poll_whose_first_page_is_nearly_full_goes_on(scene: Open) -> None:
    here = scene("conpeek", DAY - timedelta(days=1))
    here.put(*(here.thing(number, minutes=number // 2 - 24 * 60) for number in range(500)))
    here.backfill(DAY - timedelta(days=1))
    here.put(*(here.thing(number, minutes=number // 40) for number in range(1000, 1600)))
    here.tenant.behave(Quirk.gaps(every=160))
    assert here.poll().error is None
    assert shown(here)[500:] == list(range(1000, 1600))


def test_a_quiet_poll_is_one_request(scene: Open) -> None:
    here = scene("conpeek", DAY - timedelta(days=1))
    here.put(*(here.thing(number, minutes=number // 2 - 24 * 60) for number in range(40)))
    here.backfill(DAY - timedelta(days=1))
    here.put(*(here.thing(number, minutes=number - 100) for number in range(100, 107)))
    here.requests()
    here.poll()
    assert here.requests() <= 1 + PIECES
    here.put(here.thing(200, minutes=59))
    here.later(minutes=5)
    here.poll()
    assert here.requests() == 1
    assert len(shown(here)) == 48


def test_an_answer_that_was_cut_off_is_asked_for_in_parts(scene: Open) -> None:
    """Where there are no pages: the message names more records than came."""
    here = scene("wolkvox.calls")
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.limits = replace(here.tenant.limits, max_records=50)
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", MANY - 1)


@pytest.mark.parametrize("vendor", ["conpeek", "clickfono", "evolux", "vono", "wolkvox.calls"])
def test_a_list_under_numbered_keys_is_a_list(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.arm(Fault.numbered(), 9)
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", 11)


# What an answer says beside its list.

MORE: list[tuple[str, Fault]] = [
    ("Link", Fault.says({"link": '<https://vendor.example/calls?page=2>; rel="next"'})),
    ("a total of 350", Fault.says({"x-total-count": "350"})),
    ("a total of 350", Fault.says({"content-range": "items 0-99/350"})),
]
MORE_BESIDE: list[tuple[str, Fault]] = [
    ("has_more", Fault.says(has_more=True)),
    ("a total of 2,400", Fault.says(total=2400)),
    ("a total of 2,400", Fault.says(meta={"totalCount": "2400"})),
    ("nextPage", Fault.says(paging={"nextPage": 2})),
]


@pytest.mark.parametrize(
    ("vendor", "told", "fault"),
    [
        *(("clickfono", told, fault) for told, fault in MORE),
        ("wolkvox.calls", *MORE[0]),
        *(("conpeek", told, fault) for told, fault in MORE[:2] + MORE_BESIDE),
    ],
)
def test_an_answer_that_tells_of_more_is_not_all(
    scene: Open, vendor: str, told: str, fault: Fault
) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.arm(fault, 99)
    error = here.backfill().error or ""
    assert told in error
    assert here.day().state == "failed"
    here.tenant.disarm()
    here.backfill()
    assert (here.day().state, here.day().facts) == ("complete", 11)


def test_an_answer_without_pages_that_has_a_limit_s_size_is_asked_for_in_parts(
    scene: Open,
) -> None:
    """Its server cuts it off, and counts what is left."""
    here = scene("wolkvox.calls")
    here.put(*(here.thing(number, minutes=-number) for number in range(1, MANY)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.behave(Quirk.cut_off(100))
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", MANY - 1)
    assert here.requests() < 12


def test_days_of_a_limit_s_size_that_can_not_be_asked_for_in_parts_are_told(scene: Open) -> None:
    here = scene("clickfono", DAY - timedelta(days=1))
    for ago in (0, 24 * 60):
        here.put(*(here.thing(n + ago, minutes=-n // 2 - ago) for n in range(1, MANY)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.behave(Quirk.cut_off(100))
    assert here.backfill(DAY, DAY - timedelta(days=1)).error is None
    notes = [here.day(day).note or "" for day in (DAY, DAY - timedelta(days=1))]
    assert any("100 records came, a round number" in note for note in notes)


def test_an_answer_that_counts_what_came_is_all(scene: Open) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING)
    here.tenant.arm(Fault.says({"x-total-count": "11"}, total=11, has_more=False, next=None), 99)
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", 11)


def test_a_page_that_counts_more_than_it_has_is_not_all(scene: Open) -> None:
    """Vono's `records` is how many of them the page has."""
    here = scene("vono")
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING)
    here.tenant.arm(Fault.says(records=20), 99)
    assert "the vendor counts 20" in (here.backfill().error or "")
    assert here.day().state == "failed"


# Totals.


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
@pytest.mark.parametrize("vendor", ["evolux", "vono"])
def test_a_total_that_grows_while_a_poll_reads_is_no_error(
    scene: Open, vendor: str, newest: bool
) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number, minutes=-number) for number in range(1, 201)))
    serve = here.tenant.serve
    grows(here, newest)
    assert here.poll().error is None
    assert here.requests() <= 200 // FULL[vendor] + 2 + PIECES, "read once"
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


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
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


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
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


@pytest.mark.parametrize("vendor", ["evolux", "vono"])
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
