"""What an answer says beside its list: that there is more, or how many there are."""

from datetime import timedelta

import pytest

from resources.standin import Fault, Quirk
from tests.loading.conftest import DAY, Open
from tests.loading.lists import EVENING, MANY

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


@pytest.mark.parametrize("vendor", ["conpeek", "evolux", "vono", "wolkvox.calls"])
@pytest.mark.parametrize(
    "fault", [Fault.says(timed_out=True), Fault.says(warnings=["limited to the first 11 rows"])]
)
def test_an_answer_that_says_that_it_is_partial_is_not_all(
    scene: Open, vendor: str, fault: Fault
) -> None:
    here = scene(vendor)
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING + timedelta(days=4))
    here.tenant.arm(fault, 99)
    assert "says that the request failed" in (here.backfill().error or "")
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


def test_whether_a_round_number_is_all_is_known_after_two_more_requests(scene: Open) -> None:
    """However near each other the calls are: each may cost an interval of minutes."""
    here = scene("wolkvox.calls")
    here.put(*(here.thing(number, minutes=number // 50) for number in range(1, 101)))
    here.at(EVENING + timedelta(days=4))
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts, here.requests()) == ("complete", 100, 3)


@pytest.mark.parametrize(("others", "state"), [(0, "complete"), (1, "failed")])
def test_a_minute_of_a_limit_s_size_is_all_where_no_other_record_came(
    scene: Open, others: int, state: str
) -> None:
    """A dialler's calls of a day are all of one minute; a server that cuts off has others."""
    here = scene("wolkvox.calls")
    here.put(*(here.thing(number) for number in range(1, 101 + others)))
    here.put(*(here.thing(number, minutes=60) for number in range(201, 201 + others)))
    here.at(EVENING + timedelta(days=4))
    here.tenant.behave(Quirk.cut_off(100))
    error = here.backfill().error
    assert (here.day().state, error is None) == (state, not others)
    assert "does the server give no more?" in (here.day().note or "") or others


def test_days_of_a_limit_s_size_that_can_not_be_asked_for_in_parts_are_told(scene: Open) -> None:
    here = scene("clickfono", DAY - timedelta(days=1))
    for ago in (0, 24 * 60):
        here.put(*(here.thing(n + ago, minutes=-n // 2 - ago) for n in range(1, MANY)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.behave(Quirk.cut_off(100))
    assert here.backfill(DAY, DAY - timedelta(days=1)).error is None
    notes = [here.day(day).note or "" for day in (DAY, DAY - timedelta(days=1))]
    assert any("100 records came, as limits have it" in note for note in notes)


def test_an_answer_that_counts_what_came_is_all(scene: Open) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING)
    here.tenant.arm(Fault.says({"x-total-count": "11"}, total=11, has_more=False, next=None), 99)
    assert here.backfill().error is None
    assert (here.day().state, here.day().facts) == ("complete", 11)


@pytest.mark.parametrize("rows", [0, 12])
def test_a_list_that_never_ends_by_its_own_word_is_an_error_within_three_requests(
    scene: Open, rows: int
) -> None:
    here = scene("conpeek")
    here.put(*(here.thing(number) for number in range(rows)))
    here.at(EVENING + timedelta(days=2))
    here.tenant.arm(Fault.says(next_url="https://vendor.example/next"), 99)
    error = here.backfill().error or ""
    assert "says that another one follows (next_url, which isn't empty)" in error
    assert "Ask the vendor" in error
    assert here.requests() <= 3
    assert (here.day().state, here.day().facts) == ("failed", rows)


def test_a_page_that_counts_more_than_it_has_is_not_all(scene: Open) -> None:
    """Vono's `records` is how many of them the page has."""
    here = scene("vono")
    here.put(*(here.thing(number) for number in range(1, 12)))
    here.at(EVENING)
    here.tenant.arm(Fault.says(records=20), 99)
    assert "the vendor counts 20" in (here.backfill().error or "")
    assert here.day().state == "failed"
