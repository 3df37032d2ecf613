"""One day of calls at an invented contact centre, before any vendor's shape is put on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

CUSTOMERS = 400
"""Of one centre. Their numbers are valid, have 555 in them, and are nobody's that we know of."""
IN_COMMON = 24
"""Of these, customers of every centre."""
WEEKDAY = (260, 400)
"""Calls of a day, from and to."""
WEEKEND = (150, 200)
DAY_SHIFT = 1000
"""A call's number is its day's ordinal times this, plus its place in the day."""

BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 10, 30, 55, 60, 55, 40, 45, 55, 58, 50, 35, 20, 12, 8, 5, 3, 2)
"""How busy each local hour is: two humps and a quiet night."""


@dataclass(frozen=True)
class Place:
    """Where the calls happen."""

    seed: str
    zone: ZoneInfo


@dataclass(frozen=True)
class Draft:
    """One imagined call."""

    number: int
    start: datetime
    inbound: bool
    wait_s: int
    talk_s: int
    """0: nobody talked."""
    agent: int
    queue: int
    luck: tuple[float, ...]
    """Drawn once, for whatever else a vendor wants to decide about the call."""

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.wait_s + self.talk_s)

    @property
    def subscriber(self) -> str:
        """The last seven digits of an invented customer's number."""
        return f"{self._customer * 13 + 5550000:07}"

    def number_of(self, prefix: str) -> str:
        """The customer's number, which begins with `prefix`; of those whom all centres know, the
        same one everywhere, as it is written abroad.
        """
        if self._customer < IN_COMMON:
            return f"+5695{self.subscriber}"
        return f"{prefix}{self.subscriber}"

    @property
    def _customer(self) -> int:
        return int(self.luck[7] * CUSTOMERS)


@lru_cache(maxsize=512)
def drafts(place: Place, day: date) -> tuple[Draft, ...]:
    """The day's calls by their start."""
    dice = Random(f"{place.seed}/{day}")  # noqa: S311 - repeatable, not secret
    calls = dice.randint(*(WEEKEND if day.weekday() >= 5 else WEEKDAY))
    hours = dice.choices(range(24), weights=BY_HOUR, k=calls)
    starts = sorted(
        datetime.combine(day, time(hour, dice.randrange(60), dice.randrange(60)), place.zone)
        for hour in hours
    )
    return tuple(
        _draft(day.toordinal() * DAY_SHIFT + n, start, dice) for n, start in enumerate(starts)
    )


def _draft(number: int, start: datetime, dice: Random) -> Draft:
    inbound = dice.random() < 0.65
    answered = dice.random() < (0.85 if inbound else 0.55)
    return Draft(
        number=number,
        start=start.astimezone(UTC),
        inbound=inbound,
        wait_s=1 + int(dice.expovariate(1 / (20 if inbound else 12))),
        talk_s=5 + int(dice.lognormvariate(4.6, 0.8)) if answered else 0,
        agent=dice.randrange(10),
        queue=dice.randrange(3),
        luck=tuple(dice.random() for _ in range(8)),
    )
