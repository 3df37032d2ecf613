"""Business days of 23 to 25 hours, and the windows that requests cover."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from resources.windows import Window, business_day, day_end, day_start

NEW_YORK = ZoneInfo("America/New_York")
SANTIAGO = ZoneInfo("America/Santiago")
UTC_ZONE = ZoneInfo("UTC")
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def walls(window: Window) -> list[str]:
    return [f"{time:%m-%d %H:%M:%S}" for time in window.wall_times]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (SANTIAGO, date(2026, 9, 6), 23),  # midnight itself is skipped
        (SANTIAGO, date(2026, 4, 4), 25),  # the hour before midnight comes twice
        (SANTIAGO, date(2026, 4, 5), 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_say(zone: ZoneInfo, day: date, hours: int) -> None:
    first, after = day_start(day, zone), day_end(day, zone)
    assert after - first == timedelta(hours=hours)
    assert business_day(first, zone) == business_day(after - timedelta(seconds=1), zone) == day
    assert business_day(after, zone) == day + timedelta(days=1)


def test_wall_times_of_a_day_are_its_own_whatever_its_length() -> None:
    for zone, day in ((NEW_YORK, date(2026, 11, 1)), (SANTIAGO, date(2026, 4, 4))):
        window = Window.of_days((day,), zone, LATER)
        assert walls(window) == [f"{day:%m-%d} 00:00:00", f"{day:%m-%d} 23:59:59"]


def test_wall_times_cover_an_hour_that_comes_twice() -> None:
    border = datetime(2026, 11, 1, 6, tzinfo=UTC)  # 2:00 is 1:00 again
    before = Window(border - timedelta(minutes=30), border, NEW_YORK)
    assert walls(before) == ["11-01 01:30:00", "11-01 01:59:59"]
    over = Window(border - timedelta(minutes=10), border + timedelta(minutes=10), NEW_YORK)
    assert walls(over) == ["11-01 00:50:00", "11-01 02:09:59"]


def test_wall_times_over_a_skipped_hour() -> None:
    border = datetime(2026, 3, 8, 7, tzinfo=UTC)  # 2:00 is 3:00
    over = Window(border - timedelta(minutes=10), border + timedelta(minutes=10), NEW_YORK)
    assert walls(over) == ["03-08 01:50:00", "03-08 03:09:59"]


def test_wall_times_are_whole_seconds_and_the_next_window_follows() -> None:
    border = datetime(2026, 5, 5, 12, 0, 0, 500_000, tzinfo=UTC)
    first = Window(border - timedelta(minutes=5), border, UTC_ZONE)
    second = Window(border, border + timedelta(minutes=5), UTC_ZONE)
    assert walls(first) == ["05-05 11:55:00", "05-05 11:59:59"]
    assert walls(second)[0] == "05-05 12:00:00"


def test_days_are_split_between_days_and_a_day_in_halves() -> None:
    days = tuple(date(2026, 3, 7) + timedelta(days=n) for n in range(3))
    window = Window.of_days(days, NEW_YORK, LATER)
    halves = window.split()
    assert halves is not None
    first, second = halves
    assert (first.days, second.days) == (days[:1], days[1:])
    assert (first.start, first.end, second.end) == (window.start, second.start, window.end)
    parts = first.split()
    assert parts is not None
    assert [part.days for part in parts] == [days[:1], days[:1]]
    assert parts[0].end == parts[1].start


def test_a_minute_is_not_split() -> None:
    start = datetime(2026, 3, 8, tzinfo=UTC)
    assert Window(start, start + timedelta(minutes=1), UTC_ZONE).split() is None
    assert Window(start, start + timedelta(minutes=2), UTC_ZONE).split() is not None


def test_a_day_that_is_not_over_ends_now() -> None:
    now = datetime(2026, 3, 8, 15, tzinfo=UTC)
    window = Window.of_days((date(2026, 3, 8),), NEW_YORK, now)
    assert (window.end, window.day) == (now, date(2026, 3, 8))
    with pytest.raises(ValueError, match="more than one business day"):
        _ = Window(now, now + timedelta(days=1), NEW_YORK).day
