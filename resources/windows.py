"""Business days and the windows of time that one question to a vendor covers.

A business day is a local calendar day of the account: 23 to 25 hours where clocks change.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
"""The shortest time that an instant can tell."""
LAST_SECOND = time(23, 59, 59)
SHORTEST = timedelta(minutes=1)
"""A window isn't split further: a minute that is too much for a vendor never fits."""


def day_start(day: date, timezone: ZoneInfo) -> datetime:
    """The first instant of `day`, in UTC. Where clocks skip midnight, the instant after the gap."""
    return datetime.combine(day, time.min, tzinfo=timezone).astimezone(UTC)


def day_end(day: date, timezone: ZoneInfo) -> datetime:
    """The first instant after `day`, in UTC."""
    return day_start(day + ONE_DAY, timezone)


def business_day(instant: datetime, timezone: ZoneInfo) -> date:
    """The business day that `instant` falls on."""
    return instant.astimezone(timezone).date()


def has_begun(day: date, timezone: ZoneInfo, now: datetime) -> bool:
    """Whether a second of the day has gone by: vendors can't be asked for less. False for a day
    that a change of clocks left out.
    """
    return day_start(day, timezone) + SECOND <= min(now, day_end(day, timezone))


def days_between(first: date, last: date) -> list[date]:
    """`first` to `last`, both included; empty when `last` comes before `first`."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True)
class Window:
    """What one read covers: `start` (included) to `end` (excluded), UTC instants.

    `days` are the business days it reads *in full*, as far as they have gone by: only such
    a read can find a record missing or a day complete. A live window, which reads on from
    the watermark, has none.
    """

    start: datetime
    end: datetime
    timezone: ZoneInfo
    days: tuple[date, ...] = ()

    @classmethod
    def of_days(cls, days: tuple[date, ...], timezone: ZoneInfo, now: datetime) -> "Window":
        """The consecutive `days` in full, up to the last whole second before `now`; all of them
        must have begun (`has_begun`).
        """
        end = min(day_end(days[-1], timezone), now.replace(microsecond=0))
        return cls(day_start(days[0], timezone), end, timezone, days)

    @property
    def local_start(self) -> datetime:
        """`start` on the account's clocks."""
        return self.start.astimezone(self.timezone)

    @property
    def local_last(self) -> datetime:
        """The last second inside, on the account's clocks (for APIs whose end is inclusive)."""
        return (self.end - SECOND).astimezone(self.timezone)

    @property
    def wall_times(self) -> tuple[datetime, datetime]:
        """The first and the last second inside, without an offset, for APIs that take none.

        Where clocks go back inside, an hour comes twice and can't be asked for by half: the
        answer covers an hour more on both sides then, but no other business day than `days`.
        """
        first, last = self.local_start, self.local_last
        back = (first.utcoffset() or timedelta(0)) - (last.utcoffset() or timedelta(0))
        first, last = (t.replace(tzinfo=None, microsecond=0) for t in (first, last))
        if back > timedelta(0):
            first, last = first - back, last + back
            if self.days:
                first = max(first, datetime.combine(self.days[0], time.min))
                last = min(last, datetime.combine(self.days[-1], LAST_SECOND))
        return first, last

    @property
    def day(self) -> date:
        """The one business day that this window lies in. Raises ValueError if there are more."""
        if len(self.days) == 1:
            return self.days[0]
        if self.local_start.date() != self.local_last.date():
            raise ValueError(f"{self} covers more than one business day")
        return self.local_start.date()

    def split(self) -> tuple["Window", "Window"] | None:
        """Two halves that cover the same, or None when this window is the shortest there is.

        Several days are split between days; the halves of one day both keep it in `days`, as
        only together they are the day.
        """
        if len(self.days) > 1:
            first, second = self.days[: len(self.days) // 2], self.days[len(self.days) // 2 :]
            border = day_start(second[0], self.timezone)
            return replace(self, end=border, days=first), replace(self, start=border, days=second)
        half = (self.end - self.start) / 2
        border = (self.start + half).replace(microsecond=0)
        if half < SHORTEST or border <= self.start:
            return None
        return replace(self, end=border), replace(self, start=border)

    def split_at(self, border: datetime) -> tuple["Window", "Window"] | None:
        """Two parts of one day, or None where `border` isn't inside of it."""
        if len(self.days) > 1 or not self.start < border < self.end:
            return None
        return replace(self, end=border), replace(self, start=border)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M:%S}Z to {self.end:%Y-%m-%d %H:%M:%S}Z"
