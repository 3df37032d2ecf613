"""Polls, backfills and rebuilds: all due accounts of a stream at once, each failing alone.

The 5-minute poll, a backfill from the UI and the command line are this code with another plan.
"""

import gc
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from assets.loading import books, plan
from assets.loading.attempt import Attempts, Standing
from assets.loading.details import DetailReader
from assets.loading.pace import Pace, Say
from assets.loading.plan import StreamState, next_due
from assets.loading.read import WindowReader
from assets.loading.rebuild import Rebuilder
from assets.loading.result import Result, Watch
from assets.loading.window_size import WindowSize
from resources.account import Account
from resources.http import Http, Transport
from resources.paging import LargestPage
from resources.permits import BACKFILL, CATCH_UP, POLL, Limiter, Patience
from resources.vendor import AnyStream, DetailStream, Stream, Vendor
from resources.warehouse import Warehouse
from resources.windows import ONE_DAY, Window, business_day, day_start

THREADS = 16
"""Accounts worked on at once: they wait for vendors most of the time."""
MOST_AT_ONCE = 4
"""Windows of one account that a backfill reads at once, should the vendor allow more."""
CONTAINERS_PER_COLLECTION = 50_000
"""Records come and go by thousands and are in no cycles: at Python's own threshold, looking for
those among them took a tenth of a load's CPU."""
JUST_BEGUN = "the business day has only just begun"
POLL_BUDGET = timedelta(seconds=45)
"""A poll starts no further window of older days after this long: the next tick goes on."""


class Learned(NamedTuple):
    """What the vendor's server has taught of its answers to one account's stream."""

    page: LargestPage
    window: WindowSize


class Loader:
    """Loads one vendor's accounts. Holds the process's connections; `close` when done.

    All goes by the database's clock; a test may give another, for what is due. Whatever loads
    raises ClockError when this host's disagrees with the database's.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        vendor: Vendor,
        run_id: str | None = None,
        watch: Watch | None = None,
        clock: Callable[[], datetime] | None = None,
        say: Say | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._vendor = vendor
        self._watch = watch or (lambda _: None)
        self._clock = clock or warehouse.now
        self._goes_by_the_database = clock is None
        self._pace = Pace(warehouse, run_id, say or (lambda _: None))
        self._limiter = Limiter(warehouse, run_id, on_wait=self._pace.waits)
        self._transport = Transport()
        self._stopping = threading.Event()
        gc.set_threshold(CONTAINERS_PER_COLLECTION, *gc.get_threshold()[1:])

    def poll(self, accounts: Iterable[Account], streams: Sequence[AnyStream]) -> list[Result]:
        """What is due of the streams now, for all of the accounts."""
        accounts = list(accounts)
        states = read_states(self._warehouse, accounts, streams)
        return self._each(
            accounts,
            streams,
            lambda account, stream: self._poll(
                account, stream, states.get((account.name, stream.name), StreamState())
            ),
        )

    def backfill(
        self, accounts: Iterable[Account], streams: Sequence[AnyStream], days: Sequence[date]
    ) -> list[Result]:
        """The business days in full, newest first, behind the polls."""
        return self._each(
            accounts, streams, lambda account, stream: self._backfill(account, stream, days)
        )

    def rebuild(
        self, accounts: Iterable[Account], streams: Sequence[AnyStream], days: Sequence[date]
    ) -> list[Result]:
        """Facts of the days anew from `raw.records`, without asking the vendor."""
        return self._each(
            accounts, streams, lambda account, stream: self._rebuild(account, stream, days)
        )

    def stop(self) -> None:
        """Begins nothing new, from any thread; what has come is still written."""
        self._stopping.set()
        self._limiter.close()

    def close(self) -> None:
        """Lets go of the connections to vendors."""
        self._limiter.close()
        self._transport.close()

    def _each(
        self,
        accounts: Iterable[Account],
        streams: Sequence[AnyStream],
        work: Callable[[Account, AnyStream], Result],
    ) -> list[Result]:
        """The work for every account's streams at once; details after what they are details of."""

        def watched(account: Account, stream: AnyStream) -> Result:
            result = work(account, stream)
            self._watch(result)
            return result

        if self._goes_by_the_database:
            self._warehouse.clock.require_agreement()
        accounts = list(accounts)
        results: list[Result] = []
        with ThreadPoolExecutor(THREADS, thread_name_prefix="account") as pool:
            for kind in (Stream, DetailStream):
                pairs = [
                    (account, stream)
                    for account in accounts
                    for stream in streams
                    if isinstance(stream, kind) and stream.name in account.streams
                ]
                try:
                    results += pool.map(lambda pair: watched(*pair), pairs)
                except BaseException:
                    self._limiter.close()  # else the run can't end before the waits of its threads
                    raise
        return results

    def _poll(self, account: Account, stream: AnyStream, state: StreamState) -> Result:
        attempts = self._attempts(account, stream, state)
        result = attempts.result
        if attempts.probes:
            due = next_due(account, state, self._limiter.credential(account))
            if due and due > self._clock():
                result.stopped, result.error = True, state.last_error
                return result
        deadline = self._clock() + POLL_BUDGET
        if isinstance(stream, DetailStream):
            self._poll_details(account, stream, attempts, deadline)
        else:
            self._poll_windows(account, stream, attempts, state, deadline)
        return result

    def _poll_windows(
        self,
        account: Account,
        stream: Stream,
        attempts: Attempts,
        state: StreamState,
        deadline: datetime,
    ) -> None:
        result, at = attempts.result, self._clock()
        unsettled = self._unsettled(account, stream, at)
        ordered = plan.poll_windows(stream, account, state, unsettled, at)
        learned = self._learned(account, stream, state)
        readers = {
            is_live: self._windows(
                account,
                stream,
                replace(POLL if is_live else CATCH_UP, once=attempts.probes),
                learned,
            )
            for is_live in (True, False)
        }
        if not any(is_live for _, is_live in ordered):
            begins = day_start(account.start_date, account.timezone)
            until = max(at + account.poll_every, begins)
            reason = "before the account's start_date" if at < begins else JUST_BEGUN
            self._warehouse.in_transaction(
                lambda c: books.note_deferred(c, account, stream, (), reason, until, at, live=True)
            )
        for window, is_live in ordered:
            if not is_live and (result.deferred_until or self._clock() > deadline):
                continue
            read = partial(readers[is_live].read, window, live=is_live, until=deadline)
            attempts.do(window.days, read, is_live)
            if result.error or (is_live and result.deferred_until):
                break

    def _poll_details(
        self, account: Account, stream: DetailStream, attempts: Attempts, deadline: datetime
    ) -> None:
        reader = self._details(account, stream, replace(POLL, once=attempts.probes))
        days = reader.days()
        if not days:
            reader.idle()
        for day in days:
            if self._clock() > deadline:
                break
            attempts.do((day,), partial(reader.read, day, until=deadline), live=True)
            if attempts.result.state != "ok":
                break

    def _backfill(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        state = self._state(account, stream)
        attempts = self._attempts(account, stream, state)
        result = attempts.result
        wanted = [day for day in days if day >= account.start_date]
        if isinstance(stream, DetailStream):
            details = self._details(account, stream, BACKFILL)
            lacking = details.days(wanted)
            result.read |= details.days_without_parents(wanted)
            with self._pace.follow(account, stream, len(lacking)) as done:
                for day in lacking:
                    if not result.stopped:
                        attempts.do((day,), partial(details.read, day))
                    done()
            return result
        at_once = min(MOST_AT_ONCE, account.limits.concurrency)
        windows = plan.day_windows(stream, account, state, wanted, self._clock(), at_once=at_once)
        learned = self._learned(account, stream, state)
        reader = self._windows(account, stream, BACKFILL, learned)

        with self._pace.follow(account, stream, len(windows)) as done:

            def read(window: Window) -> None:
                if not result.stopped:
                    attempts.do(window.days, partial(reader.read, window))
                done()

            # Latencies overlap as far as the credential's limits let requests overlap.
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(read, windows))
        return result

    def _rebuild(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        attempts = self._attempts(account, stream, StreamState())
        followers = self._followers(stream)
        rebuilder = Rebuilder(self._warehouse, account, stream, self._clock, followers)
        for day in rebuilder.days(days):
            attempts.do((), partial(rebuilder.rebuild, day), rebuilds=day)
        return attempts.result

    def _attempts(self, account: Account, stream: AnyStream, state: StreamState) -> Attempts:
        credential = self._limiter.credential(account)
        standing = Standing(credential, state.is_stopped(credential), state.refusals)
        return Attempts(self._warehouse, account, stream, self._clock, standing, self._watch,
                        self._stopping)  # fmt: skip

    def _followers(self, stream: AnyStream) -> list[DetailStream]:
        """The streams of the details of this one's records."""
        return [
            other
            for other in self._vendor.streams
            if isinstance(other, DetailStream) and other.of == stream.name
        ]

    def _state(self, account: Account, stream: AnyStream) -> StreamState:
        states = read_states(self._warehouse, [account], [stream])
        return states.get((account.name, stream.name), StreamState())

    def _unsettled(self, account: Account, stream: Stream, now: datetime) -> plan.Days:
        rows = self._warehouse.rows(
            "plan/unsettled_days",
            account=account.name,
            stream=stream.name,
            first=account.start_date,
            last=business_day(now, account.timezone) - ONE_DAY,
        )
        return {row.call_date: plan.DayState(row.state, row.next_read_at) for row in rows}

    def _client(
        self, account: Account, stream: AnyStream, patience: Patience, largest: LargestPage
    ) -> Any:
        http = Http(self._transport, self._limiter, account, stream.name, patience)
        return self._vendor.client(account, http, largest)

    def _learned(self, account: Account, stream: Stream, state: StreamState) -> Learned:
        return Learned(
            LargestPage(state.largest_page or 0),
            WindowSize(self._warehouse, account, stream, state.window_days),
        )

    def _windows(
        self, account: Account, stream: Stream, patience: Patience, learned: Learned
    ) -> WindowReader:
        client = self._client(account, stream, patience, learned.page)
        return WindowReader(self._warehouse, account, stream, client, self._clock, learned.window,
                            self._followers(stream))  # fmt: skip

    def _details(self, account: Account, stream: DetailStream, patience: Patience) -> DetailReader:
        parent = self._vendor.stream(stream.of)
        assert isinstance(parent, Stream)
        client = self._client(account, stream, patience, LargestPage())
        return DetailReader(self._warehouse, account, stream, parent, client, self._clock,
                            patience)  # fmt: skip


def read_states(
    warehouse: Warehouse, accounts: Sequence[Account], streams: Sequence[AnyStream]
) -> dict[tuple[str, str], StreamState]:
    """What is known of the accounts' streams, by account and stream."""
    rows = warehouse.timed_rows(
        "plan/stream_state",
        accounts=[account.name for account in accounts],
        streams=[stream.name for stream in streams],
    )
    return {
        (row.account, row.stream): StreamState(
            watermark=row.watermark,
            last_polled_at=row.last_polled_at,
            last_success_at=row.last_success_at,
            next_due_at=row.next_due_at,
            refusals=row.refusals,
            stopped_key=row.stopped_key,
            window_days=row.window_days,
            largest_page=row.largest_page,
            last_error=row.last_error,
        )
        for row in rows
        if row.account is not None
    }
