"""Where the next page begins, and which one is the last: helpers that every paging vendor uses."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assets.loading.landing.observation import observations
from resources.errors import (
    ContractError,
    CutShortError,
    PageRefusedError,
    PermanentError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.http.permits import Permit, RequestOutcome
from resources.vendor_api import paging
from resources.vendor_api.largest_page import LargestPage
from resources.vendor_api.paging import Pages
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Page, Stream
from resources.vendors import discover
from resources.windows import Window

PERMIT = Permit(1, datetime(2026, 3, 10, tzinfo=UTC), RequestOutcome())
Ask = Callable[..., list[Any]]


def rows(*numbers: int) -> list[Any]:
    return [{"id": number} for number in numbers]


@pytest.fixture
def largest() -> LargestPage:
    return LargestPage()


@pytest.mark.parametrize("limit", [250, 512, 999, 1_000, 1_023, 1_024, 2_047, 30_000])
def test_an_answer_of_a_limit_s_size_may_be_cut_off(largest: LargestPage, limit: int) -> None:
    assert largest.is_met(limit, window_of(1))
    assert largest.is_met(limit, window_of(1)), "read again"
    assert not largest.is_met(limit - 2, window_of(2))
    assert not largest.is_met(limit + 7, window_of(3)), "so it has no such limit"


def test_any_number_that_two_windows_have_may_be_a_limit(largest: LargestPage) -> None:
    assert not largest.is_met(777, window_of(1))
    assert not largest.is_met(777, window_of(1)), "the busiest day, read again"
    assert largest.is_met(777, window_of(2))


def test_a_few_rows_are_no_limit(largest: LargestPage) -> None:
    assert not any(largest.is_met(rows, window_of(n)) for n in (1, 2) for rows in (1, 3, 16, 49))


def window_of(day: int) -> Window:
    return Window.of_days((date(2025, 3, day),), ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def pages(largest: LargestPage) -> Pages:
    """Of a full read."""
    return Pages("report", key_of("id"), largest, is_live=False)


@pytest.fixture
def live(largest: LargestPage) -> Pages:
    """Of a poll that reads on."""
    return Pages("report", key_of("id"), largest, is_live=True)


def read(pages: Pages, places: Iterator[Any], *answers: list[Any], **said: Any) -> list[Any]:
    """The places asked for, while the server gives these answers and then nothing."""
    asked = []
    given = iter(answers)
    for place in places:
        asked.append(place)
        pages.take(next(given, []), PERMIT, **said)
    return asked


def test_an_offset_follows_what_came_and_an_empty_page_is_the_last(pages: Pages) -> None:
    assert read(pages, pages.offsets(), rows(1, 2, 3), rows(4), rows(5, 6)) == [0, 3, 4, 6]


def test_rows_that_came_before_do_not_push_an_offset_on(pages: Pages) -> None:
    """A page that begins with the last one's end would hide as many rows after it."""
    assert read(pages, pages.offsets(), rows(1, 2, 3), rows(3, 4, 5), rows(6)) == [0, 3, 5, 6]


def test_rows_twice_on_a_page_have_two_places(pages: Pages) -> None:
    assert read(pages, pages.offsets(), rows(1, 1, 2), rows(3, 3)) == [0, 3, 5]


def test_numbers_count_up(pages: Pages) -> None:
    assert read(pages, pages.numbers(), rows(1), rows(2, 3)) == [1, 2, 3]


def test_a_total_that_is_reached_is_the_end(pages: Pages) -> None:
    assert read(pages, pages.offsets(), rows(1, 2), rows(2, 3), rows(4), total=3) == [0, 2]


def refused(pages: Pages, *answers: list[Any]) -> list[int]:
    """The offsets asked for, while a server gives these answers but refuses the second place."""
    asked: list[int] = []
    given = iter(answers)
    for place in pages.offsets():
        asked.append(place)
        if len(asked) == 2:
            pages.refuse(PageRefusedError("HTTP 404"))
        else:
            pages.take(next(given, []), PERMIT)
    return asked


def test_one_row_before_a_place_that_is_refused_is_the_last(pages: Pages) -> None:
    assert refused(pages, rows(1, 2, 3), rows(3)) == [0, 3, 2]


def test_other_rows_before_a_place_that_is_refused_go_on(pages: Pages) -> None:
    assert refused(pages, rows(1, 2, 3), rows(3, 4), rows()) == [0, 3, 2, 4]


def test_no_row_before_a_place_that_is_refused_asks_for_less(pages: Pages) -> None:
    with pytest.raises(WindowTooLargeError, match="lacks the row"):
        refused(pages, rows(1, 2, 3))


def test_a_full_page_before_a_place_that_is_refused_asks_for_less(pages: Pages) -> None:
    with pytest.raises(PageRefusedError):
        refused(pages, rows(*range(20)))


def test_a_total_is_reached_by_rows_that_stand_twice_on_a_page(pages: Pages) -> None:
    assert read(pages, pages.offsets(), rows(1, 1), rows(2), total=3) == [0, 2]


def test_a_total_that_is_not_reached_ends_with_an_empty_page(pages: Pages) -> None:
    assert read(pages, pages.numbers(), rows(1, 2), total=9) == [1, 2]


def test_one_page_without_news_may_come(pages: Pages) -> None:
    answers = (rows(1, 2), rows(1, 2), rows(3))
    assert read(pages, pages.offsets(), *answers) == [0, 2, 4, 5]


@pytest.mark.parametrize("places", [Pages.offsets, Pages.numbers])
@pytest.mark.parametrize(
    "answers",
    [
        [rows(1, 2)] * 3,
        [rows(1, 2), rows(2, 1), rows(2)],
        [rows(1, 2), rows(1), rows(2)],
        [[{"a": 1}], [{"a": 1}], [{"a": 1}]],
        [["text", None], [None, "text"], ["text"]],
    ],
    ids=["the same", "in another order", "by halves", "without keys", "no objects"],
)
def test_two_pages_without_news_are_an_error(
    pages: Pages, places: Callable[[Pages], Iterator[int]], answers: list[list[Any]]
) -> None:
    with pytest.raises(ContractError, match="no record that hadn't come before"):
        read(pages, places(pages), *answers, rows(9))
    assert pages.came == 3


def test_what_was_said_long_ago_is_no_news(pages: Pages) -> None:
    answers = [rows(1, 2), rows(3, 4), rows(5, 6), rows(1, 2), rows(3, 4)]
    with pytest.raises(ContractError):
        read(pages, pages.numbers(), *answers)
    assert pages.came == 5


def test_pages_are_bounded(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 4)
    with pytest.raises(WindowTooLargeError, match="4 pages"):
        read(pages, pages.offsets(), *([{"id": n}] for n in range(9)))
    assert pages.came == 4


# Lists without a total, of servers that give large pages.

FIRST = rows(*range(1, 11))


def test_a_page_begins_at_the_last_row_that_came_and_the_last_page_has_no_other(
    pages: Pages,
) -> None:
    assert read(pages, pages.offsets(), FIRST, rows(10, 11, 12)) == [0, 9, 12]
    assert read(pages, pages.offsets(), rows(*range(20, 30)), rows(29)) == [0, 9]


def test_a_poll_does_not_mind_rows_that_come_again(live: Pages) -> None:
    assert read(live, live.offsets(), FIRST, rows(9, 10, 11, 12), rows(12, 13)) == [0, 9, 12, 13]
    assert read(live, live.offsets(), rows(*range(20, 30)), rows(28, 29)) == [0, 9]


@pytest.mark.parametrize(
    "later",
    [
        [rows(9, 10, 11)],
        [rows(10, 10, 11)],
        [rows(9, 11)],
        [rows(9, 10)],
        [rows(8, 9)],
        [rows(10, 11, 12), rows(11)],
        [rows(10, 11, 12), rows(12, 13)],
    ],
    ids=[
        "one before it", "twice", "another one", "and no other", "others", "at the end",
        "after a page that isn't full",
    ],
)  # fmt: skip
def test_a_row_that_comes_again_may_stand_in_another_one_s_place(
    pages: Pages, later: list[list[Any]]
) -> None:
    """As where rows of one second are in another order on each page."""
    with pytest.raises(WindowTooLargeError, match=rf"page {len(later) + 1} .*may be lacking"):
        read(pages, pages.offsets(), FIRST, *later)


def test_any_row_alone_in_the_place_of_the_last_one_is_the_end(pages: Pages) -> None:
    """In whatever order: there are no more places than rows that came."""
    assert read(pages, pages.offsets(), FIRST, rows(3)) == [0, 9]


def test_a_server_that_once_gave_more_may_give_full_pages_all_the_same() -> None:
    pages = Pages("report", key_of("id"), LargestPage(500), is_live=False)
    assert read(pages, pages.offsets(), FIRST, rows(10)) == [0, 9]
    assert read(pages, pages.numbers(), rows(*range(20, 30))) == [1, 2]


def test_a_row_that_comes_again_by_number_asks_for_less(pages: Pages) -> None:
    with pytest.raises(WindowTooLargeError, match="page 2 doesn't go on"):
        read(pages, pages.numbers(), FIRST, rows(10, 11))


def test_a_page_that_had_come_before_is_asked_for_again(pages: Pages) -> None:
    answers = FIRST, FIRST, rows(*range(10, 15))
    assert read(pages, pages.offsets(), *answers) == [0, 9, 9, 14]


@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize(
    "second",
    [
        [],
        rows(11, 12),
        rows(12, 10, 11),
        rows(10, 11, 3),
        rows(20, 21),
    ],
    ids=["nothing", "one row lacks", "sorted anew", "an old one again", "another place"],
)
def test_a_page_that_does_not_go_on_asks_for_less(
    largest: LargestPage, is_live: bool, second: list[Any]
) -> None:
    pages = Pages("report", key_of("id"), largest, is_live=is_live)
    with pytest.raises(WindowTooLargeError, match=r"page 2 .*rows may be lacking"):
        read(pages, pages.offsets(), FIRST, second)


def test_an_empty_page_after_a_full_one_by_number_asks_for_less(pages: Pages) -> None:
    with pytest.raises(WindowTooLargeError, match="page 2 is empty"):
        read(pages, pages.numbers(), FIRST)
    assert read(pages, pages.numbers(), rows(*range(20, 25))) == [1, 2]


def test_a_total_that_is_reached_by_a_full_page_is_doubted_once(
    pages: Pages,
) -> None:
    assert read(pages, pages.numbers(), FIRST, total=10) == [1]
    assert read(pages, pages.numbers(), rows(*range(10, 20)), total=10) == [1, 2]
    assert read(pages, pages.numbers(), rows(*range(20, 25)), total=5) == [1]
    again = rows(*range(30, 40))
    assert read(pages, pages.numbers(), again, again, total=10) == [1, 2]


def test_a_large_total_that_a_full_page_reaches_asks_for_less(
    pages: Pages, largest: LargestPage
) -> None:
    """Servers stop counting at 10,000, say, and give no more: what follows it tells nothing."""
    largest.note(500)
    with pytest.raises(WindowTooLargeError, match="ends with the 1,000 rows that are counted"):
        read(pages, pages.numbers(), rows(*range(500)), rows(*range(500, 1000)), total=1000)
    others = rows(*range(2000, 2500)), rows(*range(2500, 2999))
    assert read(pages, pages.numbers(), *others, total=999) == [1, 2]


@pytest.fixture
def places(pages: Pages, largest: LargestPage) -> Iterator[int]:
    """Those of a list beyond a full page that has reached its total."""
    largest.note(10)
    places = pages.numbers()
    assert next(places) == 1
    pages.take(FIRST, PERMIT, total=10)
    assert next(places) == 2
    return places


def test_a_page_that_is_refused_beyond_a_total_is_the_end(
    pages: Pages, places: Iterator[int]
) -> None:
    pages.refuse(PageRefusedError("what isn't there"))
    assert list(places) == []


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("kind", [ContractError, TransientError, WindowTooLargeError])
def test_what_else_fails_beyond_a_total_asks_for_less(
    pages: Pages, kind: type[VendorError]
) -> None:
    """It may pass, and the total be that of a limit."""
    with pytest.raises(WindowTooLargeError, match="10 rows that are counted isn't told: bad"):
        pages.refuse(kind("bad"))


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("kind", [ThrottledError, PermanentError, CutShortError])
def test_a_pause_or_half_an_answer_beyond_a_total_is_none(
    pages: Pages, kind: type[VendorError]
) -> None:
    with pytest.raises(kind):
        pages.refuse(kind("wait"))


def test_an_empty_page_beyond_a_total_counts_nothing(pages: Pages, places: Iterator[int]) -> None:
    assert pages.take([], PERMIT, total=0).total is None
    assert list(places) == []


# A poll that reads on.


@pytest.mark.parametrize(("known", "came", "asked"), [
    (500, 99, 1), (500, 100, 2), (500, 497, 2), (0, 1, 2), (5, 1, 2), (6, 1, 1), (500, 0, 1),
])  # fmt: skip
def test_a_small_first_page_is_a_poll_s_last(
    live: Pages, largest: LargestPage, known: int, came: int, asked: int
) -> None:
    largest.note(known)
    assert len(read(live, live.offsets(), rows(*range(came)))) == asked


def test_a_small_second_page_is_not(live: Pages, largest: LargestPage) -> None:
    largest.note(500)
    answers = rows(*range(500)), rows(499, 500), rows(501)
    assert read(live, live.offsets(), *answers) == [0, 499, 501, 502]


def test_a_small_first_page_is_not_the_last_of_a_full_read(
    pages: Pages, largest: LargestPage
) -> None:
    largest.note(500)
    assert read(pages, pages.offsets(), rows(1), rows(2)) == [0, 1, 2]


def test_a_small_first_page_is_not_the_last_below_a_total(
    live: Pages, largest: LargestPage
) -> None:
    largest.note(500)
    assert read(live, live.offsets(), rows(1), rows(2), total=2) == [0, 1]


def test_the_largest_page_is_remembered(pages: Pages, largest: LargestPage) -> None:
    read(pages, pages.offsets(), rows(1, 2, 3), rows(4))
    assert largest.rows == 3


# Cursors.


def follow(pages: Pages, *answers: tuple[list[Any], str | None], **said: Any) -> list[str | None]:
    """The cursors asked for, while the server gives these answers."""
    asked = []
    given = iter(answers)
    for cursor in pages.cursors():
        asked.append(cursor)
        records, following = next(given)
        pages.take(records, PERMIT, cursor=following, **said)
    return asked


def test_cursors_are_followed_until_there_is_none(live: Pages, largest: LargestPage) -> None:
    largest.note(500)
    assert follow(live, (rows(1, 2), "b"), (rows(3), "c"), (rows(4), None)) == [None, "b", "c"]
    assert follow(live, (rows(5), "")) == [None]


def test_an_empty_page_with_a_cursor_is_not_the_last(pages: Pages) -> None:
    assert follow(pages, (rows(1), "b"), ([], "c"), (rows(2), None)) == [None, "b", "c"]


def test_a_total_ends_a_list_with_cursors(pages: Pages) -> None:
    assert follow(pages, (rows(1), "b"), (rows(2), "c"), total=2) == [None, "b"]


@pytest.mark.parametrize("again", ["b", "c"])
def test_a_cursor_that_comes_again_is_an_error(pages: Pages, again: str) -> None:
    answers = (rows(1), "b"), (rows(2), "c"), (rows(3), again)
    with pytest.raises(ContractError, match="same cursor"):
        follow(pages, *answers)
    assert pages.came == 3


def test_cursors_that_bring_no_news_are_an_error(pages: Pages) -> None:
    answers = ((rows(1), f"cursor-{n}") for n in range(9))
    with pytest.raises(ContractError, match="no record that hadn't come before"):
        follow(pages, *answers)
    assert pages.came == 3


# Windows of several lists, and those who look on.


def test_a_window_may_have_several_lists(pages: Pages) -> None:
    assert read(pages, pages.offsets(), rows(1, 2), total=2) == [0]
    assert read(pages, pages.offsets(), rows(3), rows(4), total=2) == [0, 1]


def test_a_page_s_keys_are_new_to_who_looks_at_it(pages: Pages) -> None:
    """The loader counts by the same set: it may be a million."""
    looked: list[tuple[Page, set[str]]] = []
    for _, came in zip(pages.offsets(), [rows(1, 2), rows(2, 3), []], strict=True):
        page = pages.take(came, PERMIT)
        assert page.seen is not None
        looked.append((page, set(page.seen)))
    assert [before for _, before in looked] == [set(), {"1", "2"}, {"1", "2", "3"}]
    assert len({id(page.seen) for page, _ in looked}) == 1


def test_a_records_key_is_made_once(largest: LargestPage) -> None:
    """By whoever comes first: it is a good part of what an unchanged record costs."""
    asked: list[Any] = []

    def key(record: Any) -> str:
        asked.append(record)
        return str(record["id"])

    pages = Pages("report", key, largest, is_live=False)
    next(pages.offsets())
    page = pages.take([*rows(*range(20)), ["no object"]], PERMIT)
    stream = discover()["conpeek"].stream("dialogs")
    assert isinstance(stream, Stream)
    found = list(observations(replace(stream, key=key), page, date(2026, 3, 10)))
    assert [one.key for one in found] == [*map(str, range(20)), None]
    assert len(asked) == 20
