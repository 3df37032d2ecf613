"""The database's clock, without asking it each time; and whether this host's agrees."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from resources.errors import ClockError
from resources.postgres import clock
from resources.postgres.clock import Clock

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Database:
    """Its clock, `ahead` of the host's; a question takes `trip_s`, answered after a part of it."""

    def __init__(self, ahead: timedelta, trip_s: float = 0.0, part: float = 0.5) -> None:
        self.ahead = ahead
        self.asked = 0
        self._trip_s, self._part = trip_s, part

    def now(self) -> datetime:
        self.asked += 1
        time.sleep(self._trip_s * self._part)
        told = datetime.now(UTC) + self.ahead
        time.sleep(self._trip_s * (1 - self._part))
        return told


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=1), timedelta(hours=-30)])
def test_the_time_is_the_database_s_at_the_cost_of_one_question(ahead: timedelta) -> None:
    database = Database(ahead)
    asked = Clock(database.now)
    for _ in range(20):
        assert abs(asked.now() - datetime.now(UTC) - ahead) < timedelta(seconds=0.2)
        time.sleep(0.005)
    assert database.asked == 1


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(days=-1), "this host's clock is 1 day, 0:00:00 ahead of the database's"),
        (timedelta(seconds=75), "this host's clock is 0:01:15 behind the database's"),
    ],
)
def test_a_host_that_is_wrong_by_more_than_a_minute_is_told_so_with_both_times(
    ahead: timedelta, told: str
) -> None:
    asked = Clock(lambda: NOW + ahead, lambda: NOW)
    with pytest.raises(ClockError) as caught:
        asked.require_agreement()
    text = str(caught.value)
    assert text.startswith(told)
    assert f"here {NOW:%Y-%m-%d %H:%M:%S} UTC, there {NOW + ahead:%Y-%m-%d %H:%M:%S} UTC" in text


def test_a_moment_of_the_host_s_clock_is_another_by_the_database_s() -> None:
    asked = Clock(lambda: NOW - timedelta(days=1), lambda: NOW)
    assert abs(asked.of(NOW) - NOW + timedelta(days=1)) < timedelta(seconds=0.1)


@pytest.mark.parametrize("part", [0.0, 1.0])
def test_a_slow_answer_moves_no_moment(part: float) -> None:
    """What is due at midnight is due by the tick of midnight."""
    assert Clock(Database(timedelta(0), 0.05, part).now).of(NOW) == NOW


@pytest.mark.parametrize("seconds", [-50, 0, 50])
def test_within_a_minute_they_agree(seconds: float) -> None:
    Clock(Database(timedelta(seconds=seconds)).now).require_agreement()


@pytest.mark.parametrize("part", [0.0, 1.0])
def test_a_slow_answer_makes_no_clock_wrong(monkeypatch: pytest.MonkeyPatch, part: float) -> None:
    """Half of the way there and back is what isn't known."""
    monkeypatch.setattr(clock, "FARTHEST", timedelta(seconds=0.01))
    monkeypatch.setattr(clock, "LONGEST_TRIP_S", 0.05)
    database = Database(timedelta(0), trip_s=0.1, part=part)
    Clock(database.now).require_agreement()
    assert database.asked == clock.MEASUREMENTS, "and it is asked again, for a better one"


def test_it_is_looked_at_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LOOK_AGAIN_S", 0.05)
    database = Database(timedelta(0))
    asked = Clock(database.now)
    asked.now()
    database.ahead = timedelta(hours=1)
    time.sleep(0.06)
    assert asked.now() - datetime.now(UTC) > timedelta(minutes=59)


def test_it_is_looked_at_again_when_this_host_s_clock_was_set() -> None:
    """Or when the host has slept: the stopwatch may have stood still."""
    host = [NOW]
    database = Database(timedelta(0))
    asked = Clock(database.now, lambda: host[0])
    asked.now()
    host[0] += timedelta(hours=8)
    asked.now()
    asked.now()
    assert database.asked == 2


def test_what_tells_the_time_besides_saves_a_look() -> None:
    database = Database(timedelta(days=1))
    asked = Clock(database.now)
    answer = asked.measure(lambda: ("rows", database.now()), lambda rows: rows[1])
    assert answer[0] == "rows"
    assert asked.now() > datetime.now(UTC) + timedelta(hours=23)
    assert database.asked == 1
