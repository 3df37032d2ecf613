"""Believable, invented data that grow with the clock.

Everything follows from the seed, the tenant's name and the day: a restart tells the same story.
A call is drafted once (`day.py`); a vendor's module says what that vendor shows of it *now*, so
that calls appear, change and finish as the clock moves.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from resources.standin.clock import Clock
from resources.standin.generate import clickfono, conpeek, evolux, vono, wolkvox
from resources.standin.generate.day import DAY_SHIFT, Draft, Place, drafts

ROWS = {
    "evolux": evolux.rows,
    "conpeek": conpeek.rows,
    "clickfono": clickfono.rows,
    "wolkvox": wolkvox.rows,
    "vono": vono.rows,
}
SETTLED_AFTER = timedelta(days=4)
"""Longer than any vendor's module lets a call change."""
ATTACHMENTS = {"evolux": evolux.detail, "vono": vono.audio}


HISTORY = timedelta(days=7)
"""How long before its first start anything happened."""


class World:
    """The seed that all tenants share, and the first day on which anything happened."""

    def __init__(self, seed: str, first_day: date | None, clock: Clock) -> None:
        self.seed = seed
        self.clock = clock
        self.first_day = first_day or clock.now().astimezone(UTC).date() - HISTORY

    def tenant(self, vendor: str, name: str, timezone: str) -> Imagined:
        return Imagined(self, vendor, Place(f"{self.seed}/{name}", ZoneInfo(timezone)))


class Imagined:
    """One tenant's records, as its vendor shows them at this moment."""

    def __init__(self, world: World, vendor: str, place: Place) -> None:
        self._world = world
        self._vendor = vendor
        self._place = place
        self._settled: dict[tuple[str, date], list[Any]] = {}

    def rows(self, report: str, since: datetime, until: datetime) -> list[Any]:
        """From a day earlier on: a call may end, or be tried again, the day after it began."""
        now, zone = self._world.clock.now(), self._place.zone
        day = max(self._world.first_day, since.astimezone(zone).date() - timedelta(days=1))
        last = min(until, now).astimezone(zone).date()
        found: list[Any] = []
        while day <= last:
            found.extend(self._day(report, day, now))
            day += timedelta(days=1)
        return found

    def _day(self, report: str, day: date, now: datetime) -> list[Any]:
        """A day on which nothing changes any more is rendered once."""
        is_settled = now.date() - day > SETTLED_AFTER
        if is_settled and (report, day) in self._settled:
            return self._settled[report, day]
        render = ROWS[self._vendor]
        rows = [
            row
            for draft in drafts(self._place, day)
            if draft.start <= now
            for row in render(report, draft, self._place, now)
        ]
        if is_settled:
            self._settled[report, day] = rows
        return rows

    def attachment(self, key: str) -> Any:
        """An Evolux call's detail or a Vono recording's audio; None if there is none (yet)."""
        if (draft := self._find(key)) is None:
            return None
        return ATTACHMENTS[self._vendor](draft, self._place, self._world.clock.now())

    def _find(self, key: str) -> Draft | None:
        if not key.isdecimal() or not self._world.first_day.toordinal() <= int(key) // DAY_SHIFT:
            return None
        day, number = divmod(int(key), DAY_SHIFT)
        if day > self._world.clock.now().toordinal() + 1:
            return None
        calls = drafts(self._place, date.fromordinal(day))
        return calls[number] if number < len(calls) else None
