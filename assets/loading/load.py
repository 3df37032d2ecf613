"""Polls, backfills and rebuilds: all due accounts of a stream at once, each failing alone.

The 5-minute poll, a backfill from the UI and the command line are this code with another plan.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from assets.loading import plan
from assets.loading.backfill_progress import BackfillProgress, Say
from assets.loading.details import DetailReader
from assets.loading.plan import StreamState, next_due
from assets.loading.rebuild import Rebuilder
from assets.loading.result import Result, Watch
from assets.loading.stream_run import CredentialState, StreamRun
from assets.loading.stream_state import account_note, note_accounts, note_deferred, read_states
from assets.loading.window.lease import ReadLeases
from assets.loading.window.read import WindowReader
from assets.loading.window.size import WindowSize
from resources.account import Account
from resources.configuration.retention import first_loaded
from resources.errors import DeferredError
from resources.http.client import Http, Transport
from resources.http.permits import BACKFILL, CATCH_UP, POLL, Limiter, Patience
from resources.postgres.errors import tells_of_full_disk
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.paging import LargestPage
from resources.vendor_api.vendor import AnyStream, DetailStream, Stream, Vendor
from resources.windows import ONE_DAY, Window, business_day, day_start

THREADS = 32
"""Accounts' streams worked on at once: they wait for vendors most of the time."""
MOST_AT_ONCE = 4
"""Windows of one account that a backfill reads at once, should the vendor allow more."""
CONTAINERS_PER_COLLECTION = 50_000
"""Records come and go by thousands and are in no cycles: at Python's own threshold, looking for
those among them took a tenth of a load's CPU."""
JUST_BEGUN = "the business day has only just begun"
POLL_BUDGET = timedelta(seconds=45)
"""A poll begins no further piece or older day after this long: the next tick goes on."""


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
        self._progress = BackfillProgress(warehouse, run_id, say or (lambda _: None))
        self._stopping = threading.Event()
        self._limiter = Limiter(
            warehouse, run_id, on_wait=self._progress.waits, stopping=self._stopping
        )
        self._reads = ReadLeases(warehouse, run_id, self._stopping, say or (lambda _: None))
        self._transport = Transport()
        gc.set_threshold(CONTAINERS_PER_COLLECTION, *gc.get_threshold()[1:])

    def poll(self, accounts: Iterable[Account], streams: Sequence[AnyStream]) -> list[Result]:
        """What is due of the streams now, for all of the accounts. Those whose last poll failed
        come last: others don't wait for one that hangs.
        """
        until = time.monotonic() + POLL_BUDGET.total_seconds()
        accounts = list(accounts)
        states = read_states(self._warehouse, accounts, streams)
        noted = {account: state.noted for (account, _), state in states.items()}
        self._note([a for a in accounts if noted.get(a.name) != account_note(self._vendor, a)])
        troubled = {account for (account, _), state in states.items() if state.failures}
        return self._each(
            sorted(accounts, key=lambda account: account.name in troubled),
            streams,
            lambda account, stream: self._poll(
                account, stream, states.get((account.name, stream.name), StreamState()), until
            ),
        )

    def backfill(
        self, accounts: Iterable[Account], streams: Sequence[AnyStream], days: Sequence[date]
    ) -> list[Result]:
        """The business days in full, newest first, behind the polls."""
        accounts = list(accounts)
        self._note(accounts)
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
        """Ends the load, from any thread: nothing is begun any more, requests under way are called
        off, and what they brought isn't written. What was read whole stays.
        """
        self._stopping.set()
        self._limiter.close()

    def close(self) -> None:
        """Lets go of the connections to vendors."""
        self._limiter.close()
        self._reads.close()
        self._transport.close()

    def _note(self, accounts: Sequence[Account]) -> None:
        if accounts:
            self._warehouse.in_transaction(lambda c: note_accounts(c, self._vendor, accounts))

    def _each(
        self,
        accounts: Iterable[Account],
        streams: Sequence[AnyStream],
        work: Callable[[Account, AnyStream], Result],
    ) -> list[Result]:
        """The work for every account's streams at once; an account's details after what they are
        details of.
        """
        begun: dict[str, list[Future[Result]]] = {}

        def watched(account: Account, stream: AnyStream, first: Sequence[Future[Result]]) -> Result:
            wait(first)
            result = work(account, stream)
            self._watch(result)
            return result

        if self._goes_by_the_database:
            self._warehouse.clock.require_agreement()
        pairs = [(a, stream) for a in accounts for stream in streams if stream.name in a.streams]
        # In this order: who waits for others finds them begun, and never keeps them from it.
        pairs.sort(key=lambda pair: isinstance(pair[1], DetailStream))
        with ThreadPoolExecutor(THREADS, thread_name_prefix="account") as pool:
            futures: list[Future[Result]] = []
            for account, stream in pairs:
                mine = begun.setdefault(account.name, [])
                first = tuple(mine) if isinstance(stream, DetailStream) else ()
                futures.append(pool.submit(watched, account, stream, first))
                mine.append(futures[-1])
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._limiter.close()  # else the run can't end before the waits of its threads
                raise

    def _poll(
        self, account: Account, stream: AnyStream, state: StreamState, until: float
    ) -> Result:
        if time.monotonic() > until:
            # Its turn came so late that another run may have polled it meanwhile.
            before, state = state, self._state(account, stream)
            if state.last_polled_at != before.last_polled_at:
                return Result(account.name, stream.name)
        run = self._run(account, stream, state)
        result = run.result
        if run.probes:
            due = next_due(account, state, self._limiter.credential(account))
            if due and due > self._clock():
                result.stopped, result.error = True, state.last_error
                return result
        if isinstance(stream, DetailStream):
            self._poll_details(account, stream, run, until)
        else:
            self._poll_windows(account, stream, run, state, until)
        return result

    def _poll_windows(
        self,
        account: Account,
        stream: Stream,
        run: StreamRun,
        state: StreamState,
        until: float,
    ) -> None:
        result, at = run.result, self._clock()
        unsettled = self._unsettled(account, stream, at)
        ordered = plan.poll_windows(stream, account, state, unsettled, at)
        learned = self._learned(account, stream, state)
        readers = {
            is_live: self._windows(
                account,
                stream,
                replace(POLL if is_live else CATCH_UP, once=run.probes),
                learned,
            )
            for is_live in (True, False)
        }
        if not any(is_live for _, is_live in ordered):
            begins = day_start(account.start_date, account.timezone)
            due = max(at + account.poll_every, begins)
            reason = "before the account's start_date" if at < begins else JUST_BEGUN
            self._warehouse.in_transaction(
                lambda c: note_deferred(c, account, stream, (), reason, due, at, live=True)
            )
        for window, is_live in ordered:
            if not is_live and (result.deferred_until or time.monotonic() > until):
                continue
            if is_live and not window.days:
                catch_up = plan.CatchUp(window, stream, account, state)
                self._read_on(catch_up, readers[is_live], run, learned.window, until)
            else:
                read = partial(readers[is_live].read, window, live=is_live, until=until)
                run.do(window.days, read, is_live)
            if result.error or (is_live and result.deferred_until):
                break

    def _read_on(
        self,
        catch_up: plan.CatchUp,
        reader: WindowReader,
        run: StreamRun,
        size: WindowSize,
        until: float,
    ) -> None:
        """Piece by piece; what the poll has no time for is due at once. Before a piece is read half
        of its length is noted: if the run ends in it, the next one begins with less.
        """
        result = run.result
        while catch_up.rest:
            started = time.monotonic()
            if catch_up.has_begun and started > until:
                reason = (
                    f"catching up: polls have read up to {catch_up.rest.start:%Y-%m-%d %H:%M} UTC"
                )
                run.put_off((), DeferredError(reason, self._clock()), live=True)
                break
            piece = catch_up.next()
            if catch_up.is_long:
                size.note_piece(catch_up.length / 2)
            run.do((), partial(reader.read, piece, live=True, until=until), live=True)
            if self._stopping.is_set() or result.error or result.deferred_until:
                return
            catch_up.took(time.monotonic() - started)
        if catch_up.is_long:
            size.note_piece(catch_up.length)

    def _poll_details(
        self, account: Account, stream: DetailStream, run: StreamRun, until: float
    ) -> None:
        reader = self._details(account, stream, replace(POLL, once=run.probes))
        days = reader.days()
        if not days:
            reader.idle()
        for day in days:
            if time.monotonic() > until:
                break
            run.do((day,), partial(reader.read, day, live=True, until=until), live=True)
            if run.result.state != "ok":
                break

    def _backfill(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        state = self._state(account, stream)
        run = self._run(account, stream, state)
        result = run.result
        wanted = [day for day in days if day >= account.start_date]
        if isinstance(stream, DetailStream):
            details = self._details(account, stream, BACKFILL)
            lacking = details.days(wanted)
            result.read |= details.days_without_parents(wanted)
            with self._progress.follow(account, stream, lacking, len(lacking)) as done:
                for day in lacking:
                    if not result.stopped:
                        run.do((day,), partial(details.read, day))
                    done()
            return result
        at_once = min(MOST_AT_ONCE, account.limits.concurrency)
        windows = plan.day_windows(stream, account, state, wanted, self._clock(), at_once=at_once)
        learned = self._learned(account, stream, state)
        reader = self._windows(account, stream, BACKFILL, learned)

        with self._progress.follow(account, stream, wanted, len(windows)) as done:

            def read(window: Window) -> None:
                if not result.stopped:
                    run.do(window.days, partial(reader.read, window))
                done()

            # Latencies overlap as far as the credential's limits let requests overlap.
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(read, windows))
        return result

    def _rebuild(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        run = self._run(account, stream, StreamState())
        followers = self._followers(stream)
        rebuilder = Rebuilder(self._warehouse, account, stream, self._clock, followers,
                              self._stopping)  # fmt: skip
        for day in rebuilder.days(days):
            run.do((), partial(rebuilder.rebuild, day), rebuilds=day)
        return run.result

    def _run(self, account: Account, stream: AnyStream, state: StreamState) -> StreamRun:
        credential = self._limiter.credential(account)
        standing = CredentialState(
            credential,
            state.is_stopped(credential),
            state.refusals,
            tells_of_full_disk(state.last_error),
        )
        return StreamRun(self._warehouse, account, stream, self._clock, standing, self._watch,
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
        today = business_day(now, account.timezone)
        rows = self._warehouse.rows(
            "plan/unsettled_days",
            account=account.name,
            stream=stream.name,
            first=max(account.start_date, first_loaded(today)),
            last=today - ONE_DAY,
        )
        return {row.call_date: plan.DayState(row.state, row.next_read_at) for row in rows}

    def _client(
        self, account: Account, stream: AnyStream, patience: Patience, largest: LargestPage
    ) -> Any:
        http = Http(self._transport, self._limiter, account, stream.name, patience, stream.searches)
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
        hold = partial(self._reads.hold, account, stream, patience)
        return WindowReader(self._warehouse, account, stream, client, self._clock, learned.window,
                            hold, self._followers(stream))  # fmt: skip

    def _details(self, account: Account, stream: DetailStream, patience: Patience) -> DetailReader:
        parent = self._vendor.stream(stream.of)
        assert isinstance(parent, Stream)
        client = self._client(account, stream, patience, LargestPage())
        hold = partial(self._reads.hold, account, stream, patience)
        return DetailReader(self._warehouse, account, stream, parent, client, self._clock,
                            patience, hold)  # fmt: skip
