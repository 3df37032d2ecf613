"""Servers that page as they like: caps below what is asked for, depths that they refuse, gaps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from resources.standin import Fault, Quirk
from tests.loading.conftest import DAY, NOON, Open
from tests.loading.lists import EVENING, MANY, PAGED, PAGED_TOTALS, PIECES, crowd, shown


@pytest.mark.parametrize("vendor", PAGED)
def test_a_cap_below_what_is_asked_for_loses_nobody(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 0.7)
    here.at(EVENING)
    here.tenant.behave(Quirk.page_cap(here.kind.page_rows // 5))
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
    here.tenant.behave(Quirk.page_cap(here.kind.page_rows // 5))
    more = [here.thing(number, minutes=number // 20) for number in range(1000, 1200)]
    here.put(*more)
    here.later(minutes=5)
    assert here.poll().error is None
    assert set(shown(here)) >= {thing.number for thing in more}


@pytest.mark.parametrize(
    ("vendor", "how", "fits"),
    [
        *((vendor, "backfill", False) for vendor in PAGED),
        # Of Evolux' few records each of a poll's pieces fits on a page.
        *((vendor, "poll", vendor == "evolux") for vendor in PAGED),
    ],
)
def test_the_first_page_again_and_again_is_an_error_within_three_requests(
    scene: Open, vendor: str, how: str, fits: bool
) -> None:
    here = scene(vendor)
    numbers = crowd(here, 1.2)
    here.tenant.behave(Quirk.first_page_only())
    error = (here.poll() if how == "poll" else here.backfill()).error
    assert here.requests() <= 3 + (PIECES if how == "poll" else 0)
    assert here.day().state != "complete"
    if fits:
        assert error is None
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


BEYOND = (
    Quirk.last_page_again(),
    Quirk.last_page_again(says_so=True),
    Quirk.none_beyond(404),
    Quirk.none_beyond(400),
    Quirk.total_beside_rows(),
)
"""What servers answer where a list has no page any more."""


@pytest.mark.parametrize("beyond", BEYOND)
@pytest.mark.parametrize(("pages", "requests"), [(2, 3), (1.9, 2)])
@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_one_page_is_asked_for_beyond_a_total_that_a_full_page_reaches(
    scene: Open, vendor: str, pages: float, requests: int, beyond: Quirk
) -> None:
    here = scene(vendor)
    numbers = crowd(here, pages)
    here.at(EVENING)
    here.tenant.behave(beyond)
    assert here.backfill().error is None
    last_second = int(vendor == "vono")  # of the day, which a server may leave out
    assert here.requests() == requests + last_second
    assert shown(here) == numbers


@pytest.mark.parametrize("status", [204, 302])
@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_page_beyond_a_total_that_tells_nothing_fails_no_day(
    scene: Open, vendor: str, status: int
) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2)
    here.at(EVENING)
    here.tenant.behave(Quirk.none_beyond(status))
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize(("pages", "times"), [(2, 99), (2.5, 4)])
@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_page_beyond_a_total_that_is_reached_may_fail(
    scene: Open, vendor: str, pages: float, times: int, status: int
) -> None:
    """The total is a limit, too: what the page would have told, parts of the window do."""
    here = scene(vendor)
    numbers = crowd(here, pages)
    here.at(EVENING)
    here.tenant.behave(Quirk.total_capped(2 * here.kind.page_rows))
    beyond = {"3", str(2 * here.kind.page_rows)}
    here.tenant.arm(
        Fault.status(status),
        times,
        when=lambda ask: not beyond.isdisjoint((ask.query.get("page"), ask.query.get("start"))),
    )
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)


def test_a_page_without_content_is_empty(scene: Open) -> None:
    here = scene("conpeek")
    numbers = crowd(here, 1.2)
    here.at(EVENING)
    here.tenant.behave(Quirk.none_beyond(204))
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("rows", [1, 2, 12, 350])
def test_an_offset_beyond_the_end_may_be_refused(scene: Open, rows: int, status: int) -> None:
    """One row at the place before is the last one: then all have come."""
    here = scene("conpeek")
    numbers = crowd(here, rows / here.kind.page_rows)
    here.at(EVENING)
    here.tenant.behave(Quirk.none_beyond(status), Quirk.page_cap(100))
    assert here.backfill().error is None
    assert shown(here) == numbers
    assert here.day().state == "complete"


@pytest.mark.parametrize("status", [400, 404])
def test_a_depth_that_is_refused_after_a_gap_is_no_end(scene: Open, status: int) -> None:
    """Deleted rows make a page short: what follows it may be beyond the end, or too deep."""
    here = scene("conpeek")
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.gaps(90), Quirk.deep_pages_refused(900, status))
    assert here.backfill().error is None
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


def test_rows_of_one_second_in_any_order_are_all_loaded(scene: Open) -> None:
    """Equals that a server sorts otherwise on each page: one may come twice, and hide another."""
    here = scene("conpeek")
    here.at(EVENING)
    here.tenant.behave(Quirk.ties("start_time"), Quirk.page_cap(100))
    for number in range(1, 150):
        here.put(here.thing(number, minutes=number // 3 - 600))
        if number > 100 and number % 3 == 0:
            assert here.backfill().error is None
            assert (here.day().state, len(shown(here))) == ("complete", number)


def test_more_rows_of_one_second_than_a_page_has_complete_no_day(scene: Open) -> None:
    """Where they are in another order on each page, nobody knows which of them are lacking."""
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(1, 100)))
    here.at(EVENING)
    here.tenant.behave(Quirk.ties("start_time"), Quirk.page_cap(60))
    assert "can't be asked for in parts" in (here.backfill().error or "")
    assert here.day().state == "failed"


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_total_of_the_page_completes_no_day(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.total_of_page())
    assert "the vendor counts" in (here.backfill().error or "")
    assert here.day().state == "failed"
    assert shown(here) == numbers, "what came is there all the same"


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_a_total_with_a_cap_is_asked_for_in_parts(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 2.4)
    here.at(EVENING)
    here.tenant.behave(Quirk.total_capped(2 * here.kind.page_rows))
    assert here.backfill().error is None
    assert (here.day().state, shown(here)) == ("complete", numbers)


@pytest.mark.parametrize("vendor", PAGED_TOTALS)
def test_the_last_page_again_below_the_total_is_an_error(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    crowd(here, 1.5)
    here.at(EVENING)
    here.tenant.behave(Quirk.last_page_again(), Quirk.page_cap(here.kind.page_rows))
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
        ("evolux", 404),
        ("evolux", 414),
        ("vono", 413),
        ("vono", 422),
    ],
)
def test_a_depth_that_is_refused_halves_the_window(scene: Open, vendor: str, status: int) -> None:
    here = scene(vendor)
    numbers = crowd(here, 3.2)
    here.at(EVENING)
    here.tenant.behave(Quirk.deep_pages_refused(2 * here.kind.page_rows, status))
    assert here.backfill().error is None
    assert shown(here) == numbers
    assert here.day().state == "complete"


@pytest.mark.parametrize("vendor", PAGED)
def test_a_depth_that_is_refused_halves_a_poll_that_reads_on(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    numbers = crowd(here, 1.5)
    here.later(hours=2)
    here.tenant.behave(Quirk.deep_pages_refused(here.kind.page_rows))
    assert here.poll().error is None
    assert shown(here) == numbers


@pytest.mark.parametrize("vendor", PAGED)
def test_a_minute_that_is_too_deep_fails_with_a_sentence(scene: Open, vendor: str) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, here.kind.page_rows + 2)))
    here.at(EVENING)
    here.tenant.behave(Quirk.deep_pages_refused(here.kind.page_rows))
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
    here.tenant.behave(Quirk.gaps(every=here.kind.page_rows // 3))
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
