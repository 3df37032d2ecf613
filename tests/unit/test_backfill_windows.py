"""How a backfill puts days in windows: few requests for small accounts, few keys held for large."""

from datetime import UTC, datetime, timedelta

import pytest

from assets.loading.account_stream import AccountStream
from assets.loading.plan import MOST_RECORDS, BackfillWindows, StreamState
from resources.vendor_api.vendor import Stream
from resources.vendors import discover
from resources.windows import Window
from tests.unit import helpers

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
CONPEEK = discover()["conpeek"]


def windows(days: int, at_once: int, pause: float = 0) -> BackfillWindows:
    limits = CONPEEK.limits.model_copy(update={"min_interval_s": pause})
    account = helpers.account("conpeek", limits=limits)
    wanted = [NOW.date() - timedelta(days=n) for n in range(1, days + 1)]
    stream = CONPEEK.stream("dialogs")
    assert isinstance(stream, Stream)
    return BackfillWindows(AccountStream(account, stream), StreamState(), wanted, NOW, at_once)


def read(found: BackfillWindows, records_a_day: int) -> list[Window]:
    """All of the windows, whose days are all as busy."""
    given = []
    while window := found.next():
        given.append(window)
        found.brought(window, records_a_day * len(window.days))
    return given


@pytest.mark.parametrize(
    ("records_a_day", "lengths"),
    [(0, [1, 8, 8, 8, 5]), (200, [1, 8, 8, 8, 5]), (10_000, [1, *[5] * 5, 4]), (40_000, [1] * 30)],
)
def test_a_busy_accounts_windows_have_fewer_days(records_a_day: int, lengths: list[int]) -> None:
    found = windows(30, at_once=4)
    given = read(found, records_a_day)
    assert [len(window.days) for window in given] == lengths
    assert all(records_a_day * len(window.days) <= MOST_RECORDS for window in given)
    days = [day for window in given for day in reversed(window.days)]
    assert days == sorted(set(days), reverse=True), "newest first, each once"
    assert sum(map(found.parts_of, given)) == found.parts == 30


@pytest.mark.parametrize(
    ("at_once", "days", "pause", "lengths"),
    [
        (1, 30, 0, [30]),  # one after the other: as few requests as possible
        (4, 8, 0, [2, 2, 2, 2]),  # another one for a day alone wouldn't pay
        (4, 30, 60, [8, 8, 8, 6]),  # each request has to wait for its turn
    ],
)
def test_no_day_is_alone_where_that_costs_more_than_it_tells(
    at_once: int, days: int, pause: float, lengths: list[int]
) -> None:
    found = windows(days, at_once, pause)
    given = read(found, 40_000)
    assert [len(window.days) for window in given] == lengths
    assert found.parts == len(given)


def test_a_first_window_that_fails_leaves_the_others_as_large_as_planned() -> None:
    found = windows(30, at_once=4)
    given = list(iter(found.next, None))
    assert [len(window.days) for window in given] == [1, 8, 8, 8, 5]
