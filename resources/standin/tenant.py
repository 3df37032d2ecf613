"""One customer of one vendor: credentials, limits, records, quirks, and the faults that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from resources.standin.answer import Answer, Api, Ask
from resources.standin.clock import Clock
from resources.standin.faults import Armed, Fault
from resources.standin.limits import Limits, Meter
from resources.standin.quirks import Listing, Quirk


class Imagination(Protocol):
    """Where a generated tenant's records come from, as they stand at this moment."""

    def rows(self, report: str, since: datetime, until: datetime) -> list[Any]: ...

    def attachment(self, key: str) -> Any: ...


@dataclass(eq=False)
class Tenant:
    """Records are in the vendor's native shape; everything may change while it is served."""

    vendor: str
    name: str
    api: Api
    clock: Clock
    meter: Meter
    limits: Limits
    token: str
    key: str
    zone: ZoneInfo
    operation: str
    """Tenants of one operation share the daily quota."""
    imagination: Imagination | None = None
    latency_s: float = 0.0
    serve: Callable[[Tenant, Ask], Answer] = field(init=False)
    """The vendor's API; the fast mode puts its own here."""

    def __post_init__(self) -> None:
        self.serve = self.api.answer
        self._lock = threading.RLock()
        self._shelves: dict[str, dict[tuple[date | None, Hashable], Any]] = {
            report: {} for report in self.api.reports
        }
        self._attachments: dict[str, Any] = {}
        self._armed: list[Armed] = []
        self._quirks: tuple[Quirk, ...] = ()

    @property
    def path(self) -> str:
        return f"/{self.vendor}/{self.name}"

    # What a test puts in.

    def put(
        self, records: Iterable[Any], report: str | None = None, day: date | None = None
    ) -> None:
        """Adds records, or replaces those with the same key. `day` is for Wolkvox's totals."""
        with self._lock:
            shelf = self._shelves[report or self.api.reports[0]]
            for record in records:
                shelf[(day, self._key(record))] = record

    def replace(
        self, records: Iterable[Any], report: str | None = None, day: date | None = None
    ) -> None:
        """These records, and no others, are what the report (or its day) holds from now on."""
        with self._lock:
            shelf = self._shelves[report or self.api.reports[0]]
            for at in [at for at in shelf if day in (None, at[0])]:
                del shelf[at]
            self.put(records, report, day)

    def remove(self, key: Hashable, report: str | None = None, day: date | None = None) -> None:
        with self._lock:
            del self._shelves[report or self.api.reports[0]][(day, key)]

    def clear(self) -> None:
        with self._lock:
            for shelf in self._shelves.values():
                shelf.clear()
            self._attachments.clear()

    def put_detail(self, call_id: int | str, detail: Any) -> None:
        """Evolux: what `studio/calls/<id>/cdr` says of a call."""
        with self._lock:
            self._attachments[str(call_id)] = detail

    def put_audio(self, record_id: int | str, audio: bytes) -> None:
        """Vono: the file behind a recording."""
        with self._lock:
            self._attachments[str(record_id)] = audio

    def remove_audio(self, record_id: int | str) -> None:
        """Vono: it has the file no more."""
        with self._lock:
            del self._attachments[str(record_id)]

    def arm(
        self,
        fault: Fault,
        times: int = 1,
        *,
        report: str | None = None,
        after: int = 0,
        when: Callable[[Ask], bool] | None = None,
    ) -> None:
        """Spoils the next `times` answers (of `report`, where `when` holds), after so many."""
        with self._lock:
            self._armed.append(Armed(fault, times, after, report, when))

    def behave(self, *quirks: Quirk) -> None:
        """These are the server's habits from now on, and no others; in the order of their use."""
        self._quirks = quirks

    def disarm(self) -> None:
        """No fault waits any more, and the server has no quirk."""
        with self._lock:
            self._armed.clear()
        self.behave()

    # What the API and the server take out.

    def rows(self, report: str, since: datetime, until: datetime) -> list[Any]:
        """At least the records of these moments; the API filters by the vendor's own rules."""
        with self._lock:
            put = list(self._shelves[report].values())
        if self.imagination is None:
            return put
        return self.imagination.rows(report, since, until) + put

    def read(self, ask: Ask) -> Ask:
        """The question as this server reads it."""
        for quirk in self._quirks:
            ask = quirk.read(ask)
        return ask

    def until(self, end: datetime) -> datetime:
        """The last moment that this server shows of a span with this end."""
        for quirk in self._quirks:
            end = quirk.until(end)
        return end

    def listing(
        self, rows: list[Any], start: int = 0, limit: int | None = None, day: date | None = None
    ) -> Listing:
        """Of the rows that answer a question what this server shows of them, and counts. `day` is
        that of rows that don't say theirs.
        """

        def day_of(row: Any) -> date | None:
            try:
                return self.api.day(row, self.zone)
            except (KeyError, TypeError, ValueError):
                return day

        today = self.clock.now().astimezone(self.zone).date()
        listing = Listing(rows, start, limit, len(rows), today, day_of, start)
        for quirk in self._quirks:
            quirk.change(listing)
        return listing

    def totals(self, since: date, until: date) -> list[Any]:
        """Wolkvox: totals that were put, for these days or for no day in particular."""
        with self._lock:
            return [
                row
                for (day, _), row in self._shelves["cdr_2"].items()
                if day is None or since <= day <= until
            ]

    def attachment(self, key: str) -> Any:
        with self._lock:
            if key in self._attachments or self.imagination is None:
                return self._attachments.get(key)
        return self.imagination.attachment(key)

    def faults(self, report: str, ask: Ask) -> list[Fault]:
        with self._lock:
            due = [armed.fault for armed in self._armed if armed.is_due(report, ask)]
            self._armed = [armed for armed in self._armed if armed.times > 0]
            return due

    def _key(self, record: Any) -> Hashable:
        """A record without a key is kept under itself: broken ones are served too."""
        try:
            return self.api.key(record)
        except (KeyError, TypeError):
            return repr(record)
