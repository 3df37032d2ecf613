"""What to read now: windows by account and stream, from what is known of watermark and days.

Pure: no database, no clock of its own. `state` reads what these functions need.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

from assets.loading.account_stream import AccountStream
from resources.account import Account
from resources.vendor_api.vendor import Stream
from resources.windows import ONE_DAY, Window, business_day, day_end, day_start, has_begun
from sql.vocabulary import Completeness

GRACE = timedelta(minutes=5)
"""A day is read in full this long after its end first: the last calls have come in by then."""
PROBE_EVERY = timedelta(hours=1)
"""How often a stream that has stopped is asked for all the same: one request."""
FIRST_PIECE = timedelta(minutes=15)
LONGEST_PIECE = timedelta(days=2)
"""A live window has no more."""
QUICK_S, SLOW_S = 2.0, 20.0
"""A piece of a catch-up that takes less is followed by a longer one; after one that takes more the
next is shorter: so that some fit into a poll."""
MOST_RECORDS = 50_000
"""Of a backfill's window of several days: of each a key of 100 bytes is held."""
ALONE_PAYS = 2
"""Where each of the windows that are read at once has more days than these, another one for the
newest day is worth its request.
"""
NO_TIME = timedelta(0)
EARLY = timedelta(seconds=30)
"""A poll may be this early, as schedules tick by the minute; the limiter keeps the cadence."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """What `ops.streams` knows of an account's stream; all None before its first poll."""

    watermark: datetime | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None
    refusals: int = 0
    stopped_key: str | None = None
    window_days: int | None = None
    largest_page: int | None = None
    piece_s: float | None = None
    last_error: str | None = None
    failures: int = 0
    noted: Mapping[str, Any] | None = None
    """What `ops.accounts` says of the account."""
    scope: Mapping[str, Any] | None = None
    """What the account's options narrowed the stream to when it was last read."""

    def is_stopped(self, credential: str) -> bool:
        """Whether the vendor refused the credential (its hash): polls wait for the next probe."""
        return self.stopped_key == credential

    @property
    def live_was_last(self) -> bool:
        """Whether the last good read was a live one (only those count as polls)."""
        return self.last_polled_at is not None and self.last_polled_at == self.last_success_at


@dataclass(frozen=True, slots=True)
class DayState:
    """What `ops.days` knows of a business day that is to be read; `state` None: it never was."""

    state: str | None
    next_read_at: datetime | None
    is_silent: bool = False
    """Its last read showed nothing, or not all that is known."""


Days = Mapping[date, DayState]


def next_due(account: Account, state: StreamState, credential: str) -> datetime | None:
    """When the schedule should poll (or probe) next; None: at once, as with another credential than
    the one that was refused.
    """
    if state.stopped_key and not state.is_stopped(credential):
        return None
    if state.next_due_at is not None:
        return state.next_due_at - EARLY
    return state.last_polled_at + account.poll_every - EARLY if state.last_polled_at else None


def live_window(source: AccountStream[Stream], state: StreamState, now: datetime) -> Window | None:
    """How the schedule reads on; None before the account's first business day, and while not yet a
    second of what is to be read has gone by.

    What is older than yesterday isn't the live window's: its days aren't complete, or are opened
    again where the window doesn't go on from the last one, and read in full by
    `unsettled_windows`. A watermark ahead of `now` (a clock was set back) holds nothing up.
    """
    zone = source.account.timezone
    today = business_day(now, zone)
    if today < source.account.start_date:
        return None
    if source.stream.live == "day":
        return Window.of_days((today,), zone, now) if has_begun(today, zone, now) else None
    end = (now - source.stream.lag).replace(microsecond=0)
    if state.watermark is None:
        start = day_start(today, zone)
    else:
        start = min(state.watermark, end) - source.stream.lookback
        start = max(start, day_start(today - ONE_DAY, zone))
    return Window(start, end, zone) if start < end else None


class CatchUp:
    """A live window in pieces, each of which moves the watermark: whatever ends a poll, what it has
    read counts. The usual poll is one piece. They begin as long as the last catch-up's were, grow
    while they are quick, and shrink again.

    Where a report may be asked only once in its interval there is one piece: each costs one.
    """

    def __init__(self, live: Window, source: AccountStream[Stream], state: StreamState) -> None:
        self.rest: Window | None = live
        self.has_begun = False
        self._shortest = max(FIRST_PIECE, 2 * source.account.poll_every)
        if source.account.limits.min_interval_s:
            self._shortest = live.end - live.start
        self.length = max(self._shortest, timedelta(seconds=state.piece_s or 0))
        self._again = source.stream.lookback
        """What the first piece reads once more, before it reads on."""
        self.is_long = live.end - live.start > self._again + self._shortest
        """More than a usual poll reads: what it teaches of pieces is worth keeping."""

    def next(self) -> Window:
        """The next piece."""
        assert self.rest
        self.has_begun = True
        border = self.rest.start + self._again + self.length
        self._again = timedelta(0)
        if border >= self.rest.end:
            piece, self.rest = self.rest, None
        else:
            piece, self.rest = replace(self.rest, end=border), replace(self.rest, start=border)
        return piece

    def took(self, seconds: float) -> None:
        """How long the last piece took."""
        if seconds < QUICK_S:
            self.length = min(4 * self.length, LONGEST_PIECE)
        elif seconds < 4 * QUICK_S:
            self.length = min(2 * self.length, LONGEST_PIECE)
        elif seconds > SLOW_S:
            self.length = max(self.length / 2, self._shortest)


def poll_windows(
    source: AccountStream[Stream], state: StreamState, unsettled: Days, now: datetime
) -> list[tuple[Window, bool]]:
    """What a poll reads, in order; True marks the live window.

    Where a report may be asked only once in its interval, one request does for both: today joins
    the newest unsettled days where one request may span days, and elsewhere older days get every
    other turn.
    """
    windows = unsettled_windows(source, state, unsettled, now)
    live = live_window(source, state, now)
    if live is None:
        return [(window, False) for window in windows]
    ordered = [(live, True), *((window, False) for window in windows)]
    if not source.account.limits.min_interval_s or not windows:
        return ordered
    today = business_day(now, source.account.timezone)
    days = {day: unsettled[day] for day in windows[0].days}
    first = day_windows(source, state, [*days, today], now, Grouping(_alone(days)))[0]
    if first.days[0] < today:
        rest = [(window, False) for window in windows if not set(window.days) <= set(first.days)]
        return [(first, True), *rest]
    return [ordered[1], ordered[0], *ordered[2:]] if state.live_was_last else ordered


def unsettled_windows(
    source: AccountStream[Stream], state: StreamState, unsettled: Days, now: datetime
) -> list[Window]:
    """Of the unsettled days those that may be read now: newest first, in as few windows as
    possible; but what failed or was silent is read by itself.
    """
    due = {
        day: known
        for day, known in unsettled.items()
        if now >= (known.next_read_at or day_end(day, source.account.timezone) + GRACE)
    }
    growing = not source.account.limits.min_interval_s
    return day_windows(source, state, due, now, Grouping(_alone(due), growing=growing))


def _alone(days: Days) -> set[date]:
    """What failed; and what was silent, with the days beside it: a server may give only a part of a
    window of several days.
    """
    failed = {day for day, known in days.items() if known.state == Completeness.FAILED}
    silent = {day for day, known in days.items() if known.is_silent}
    return failed | {day + step for day in silent for step in (-ONE_DAY, NO_TIME, ONE_DAY)}


@dataclass(frozen=True, slots=True)
class Grouping:
    """How days are put together in windows, where one request may cover several."""

    alone: Collection[date] = ()
    """Days that share a window with no other."""
    most: int = 10_000
    """Days of a window, should the account's limits allow more."""
    growing: bool = False
    """One day first, then twice as many each time, so that what is read soon counts."""


def day_windows(
    source: AccountStream[Stream],
    state: StreamState,
    days: Iterable[date],
    now: datetime,
    grouping: Grouping = Grouping(),
) -> list[Window]:
    """The days in full, newest first, in as few windows as the grouping allows."""
    zone = source.account.timezone
    wanted = sorted({day for day in days if has_begun(day, zone, now)}, reverse=True)
    span = 1
    if source.stream.spans_days:
        allowed = source.account.limits.max_window_days
        span = min(allowed, state.window_days or allowed, grouping.most)
    groups: list[list[date]] = []
    for day in wanted:
        most = min(span, 1 << (len(groups) - 1)) if grouping.growing and groups else span
        joins = groups and len(groups[-1]) < most and groups[-1][-1] - day == ONE_DAY
        if joins and not {day, groups[-1][-1]} & set(grouping.alone):
            groups[-1].append(day)
        else:
            groups.append([day])
    return [Window.of_days(tuple(reversed(group)), zone, now) for group in groups]


class BackfillWindows:
    """The windows of a backfill, newest first, handed out to the threads that read them.

    Where several are read at once, that their latencies overlap, each has an equal share of the
    days: it costs a last, short page each. A window's keys are held until it has been read, so that
    of a large account it has fewer days: the newest is read first, by itself, and tells how many.
    """

    def __init__(
        self,
        source: AccountStream[Stream],
        state: StreamState,
        days: Iterable[date],
        now: datetime,
        at_once: int,
    ) -> None:
        self._group = partial(day_windows, source, state, now=now)
        self._left = {day for window in self._group(days) for day in window.days}
        self._most = -(-len(self._left) // at_once)
        self._busiest = 1.0
        """Records a day, of the window that had most."""
        can_choose = source.stream.spans_days and not source.account.limits.min_interval_s
        self.begins_alone = can_choose and at_once > 1 and self._most > ALONE_PAYS
        """Whether the first window is to be read before the others are asked for."""
        planned = self._group(self._left, grouping=Grouping(most=self._most))
        self.parts = len(self._left) if self.begins_alone else len(planned)
        """What is to be read, as `parts_of` its windows counts."""
        self._is_first = self.begins_alone
        self._lock = Lock()

    def next(self) -> Window | None:
        """The next window; None when there is no other."""
        with self._lock:
            if not self._left:
                return None
            most = 1 if self._is_first else min(self._most, int(MOST_RECORDS / self._busiest) or 1)
            self._is_first = False
            window = self._group(self._left, grouping=Grouping(most=most))[0]
            self._left -= set(window.days)
            return window

    def parts_of(self, window: Window) -> int:
        """How many of the `parts` the window is."""
        return len(window.days) if self.begins_alone else 1

    def brought(self, window: Window, records: int) -> None:
        """How many records the window had: as busy as its days may be those that are left."""
        if self.begins_alone:
            with self._lock:
                self._busiest = max(self._busiest, records / len(window.days))
