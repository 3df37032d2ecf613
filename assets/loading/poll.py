"""One poll of one account's stream: what the plan says, in order, while the poll has time."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from assets.loading import plan
from assets.loading.account_stream import AccountStream
from assets.loading.plan import StreamState
from assets.loading.readers import Readers
from assets.loading.stream_run import StreamRun
from assets.loading.stream_state import Deferral, note_deferred
from assets.loading.window.read import WindowReader
from assets.loading.window.size import WindowSize
from resources.configuration.retention import first_loaded
from resources.errors import DeferredError
from resources.http.permits import CATCH_UP, POLL
from resources.vendor_api.vendor import DetailStream, Stream
from resources.windows import ONE_DAY, business_day, day_start

JUST_BEGUN = "the business day has only just begun"


@dataclass(frozen=True)
class Poll:
    """A poll as part of a run. After `until` (by `time.monotonic`) it begins nothing more."""

    readers: Readers
    run: StreamRun
    until: float

    def windows(self, source: AccountStream[Stream], state: StreamState) -> None:
        """Reads on, and reads again the days that aren't complete."""
        result, now = self.run.result, self.readers.clock()
        ordered = plan.poll_windows(source, state, self._unsettled(source, now), now)
        if not any(is_live for _, is_live in ordered):
            self._wait_for_begin(source, now)
        learned = self.readers.learned(source, state)
        live, again = (
            self.readers.windows(source, replace(patience, once=self.run.probes), learned)
            for patience in (POLL, CATCH_UP)
        )
        for window, is_live in ordered:
            if not is_live and (result.deferred_until or time.monotonic() > self.until):
                continue
            if is_live and not window.days:
                self._read_on(plan.CatchUp(window, source, state), live, learned.window)
            else:
                reader = live if is_live else again
                read = partial(reader.read, window, live=is_live, until=self.until)
                self.run.do(window.days, read, is_live)
            if result.error or (is_live and result.deferred_until):
                break

    def details(self, source: AccountStream[DetailStream]) -> None:
        """Fetches what the days lack, newest first."""
        reader = self.readers.details(source, replace(POLL, once=self.run.probes))
        days = reader.days()
        if not days:
            reader.idle()
        for day in days:
            if time.monotonic() > self.until:
                break
            self.run.do((day,), partial(reader.read, day, live=True, until=self.until), live=True)
            if self.run.result.state != "ok":
                break

    def _unsettled(self, source: AccountStream[Stream], now: datetime) -> plan.Days:
        today = business_day(now, source.account.timezone)
        rows = self.readers.warehouse.rows(
            "plan/unsettled_days",
            first=max(source.account.start_date, first_loaded(today)),
            last=today - ONE_DAY,
            now=now,
            **source.where,
        )
        return {
            row.call_date: plan.DayState(row.state, row.next_read_at, bool(row.is_silent))
            for row in rows
        }

    def _wait_for_begin(self, source: AccountStream[Stream], now: datetime) -> None:
        """Writes down that there is nothing to read yet."""
        account = source.account
        begins = day_start(account.start_date, account.timezone)
        due = max(now + account.poll_every, begins)
        reason = "before the account's start_date" if now < begins else JUST_BEGUN
        self.readers.warehouse.in_transaction(
            lambda c: note_deferred(c, source, Deferral((), reason, due, live=True), now)
        )

    def _read_on(self, catch_up: plan.CatchUp, reader: WindowReader, size: WindowSize) -> None:
        """Piece by piece; what the poll has no time for is due at once. Before a piece is read half
        of its length is noted: if the run ends in it, the next one begins with less.
        """
        result = self.run.result
        while catch_up.rest:
            started = time.monotonic()
            if catch_up.has_begun and started > self.until:
                reason = (
                    f"catching up: polls have read up to {catch_up.rest.start:%Y-%m-%d %H:%M} UTC"
                )
                self.run.put_off((), DeferredError(reason, self.readers.clock()), live=True)
                break
            piece = catch_up.next()
            if catch_up.is_long:
                size.note_piece(catch_up.length / 2)
            self.run.do((), partial(reader.read, piece, live=True, until=self.until), live=True)
            if self.readers.stopping.is_set() or result.error or result.deferred_until:
                return
            catch_up.took(time.monotonic() - started)
        if catch_up.is_long:
            size.note_piece(catch_up.length)
