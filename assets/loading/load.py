"""Polls, backfills and rebuilds: all due accounts of a stream at once, each failing alone.

The 5-minute poll, a backfill from the UI and the command line are this code with another plan.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice

from sqlalchemy.engine import Connection

from assets.loading import plan
from assets.loading.account_stream import AccountStream, account_stream, is_detail, is_report
from assets.loading.context import LoadContext, Say, Watch, nobody
from assets.loading.plan import StreamState, next_due
from assets.loading.poll import Poll
from assets.loading.readers import Readers
from assets.loading.rebuild import GONE, Rebuilder
from assets.loading.refusals import refusals
from assets.loading.result import Loaded, Result
from assets.loading.stream_run import CredentialState, StreamRun
from assets.loading.stream_state import (
    account_note,
    lock_streams,
    note_accounts,
    note_scope,
    read_states,
)
from resources.account import Account
from resources.errors import CallhouseError
from resources.http.permits import BACKFILL
from resources.memory import suit_loads
from resources.postgres.errors import is_full_disk
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, DetailStream, Stream, Vendor
from resources.windows import Window

THREADS = 32
"""Accounts' streams worked on at once: they wait for vendors most of the time."""
MOST_AT_ONCE = 4
"""Windows of one account that a backfill reads at once, should the vendor allow more."""
POLL_BUDGET = timedelta(seconds=45)
"""A poll begins no further piece or older day after this long: the next tick goes on."""


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
        watch: Watch = nobody,
        clock: Callable[[], datetime] | None = None,
        say: Say = nobody,
    ) -> None:
        self._warehouse = warehouse
        self._vendor = vendor
        self._watch = watch
        self._clock = clock or warehouse.now
        self._goes_by_the_database = clock is None
        self._context = LoadContext(warehouse, self._clock, run_id, watch, say)
        self._readers = Readers(self._context, vendor)
        suit_loads()

    def poll(self, accounts: Iterable[Account], streams: Sequence[AnyStream]) -> list[Result]:
        """What is due of the streams now, for all of the accounts. Those whose last poll failed
        come last: others don't wait for one that hangs.
        """
        until = time.monotonic() + POLL_BUDGET.total_seconds()
        accounts = list(accounts)
        states = read_states(self._warehouse, accounts, streams)
        noted = {account: state.noted for (account, _), state in states.items()}
        others = [a for a in accounts if noted.get(a.name) != account_note(self._vendor, a)]
        refused = self._note(others)
        troubled = {account for (account, _), state in states.items() if state.failures}
        return self._each(
            sorted(accounts, key=lambda account: account.name in troubled),
            streams,
            lambda source: self._poll(
                source, states.get((source.account.name, source.stream.name), StreamState()), until
            ),
            refused,
            live=True,
        )

    def backfill(
        self, accounts: Iterable[Account], streams: Sequence[AnyStream], days: Sequence[date]
    ) -> list[Result]:
        """The business days in full, newest first, behind the polls."""
        accounts = list(accounts)
        refused = self._note(accounts)
        return self._each(accounts, streams, lambda source: self._backfill(source, days), refused)

    def rebuild(
        self, accounts: Iterable[Account], streams: Sequence[AnyStream], days: Sequence[date]
    ) -> list[Result]:
        """Rebuilds the days' facts from `raw.records`, without asking the vendor. Also of streams
        that aren't loaded any more: theirs are in the figures all the same.
        """
        accounts = list(accounts)
        refused = self._note(accounts)
        every = tuple(stream.name for stream in streams)
        accounts = [account.model_copy(update={"streams": every}) for account in accounts]
        return self._each(accounts, streams, lambda source: self._rebuild(source, days), refused)

    def stop(self) -> None:
        """Ends the load, from any thread: nothing is begun any more, requests under way are called
        off, and what they brought isn't written. What was read whole stays.
        """
        self._readers.stop()

    def close(self) -> None:
        """Lets go of the connections to vendors."""
        self._readers.close()

    def _note(self, accounts: Sequence[Account]) -> Mapping[str, CallhouseError]:
        """Notes the accounts, but those that can't be loaded here: returns why, by name."""
        refused = refusals(self._warehouse, accounts)
        if taken := [account for account in accounts if account.name not in refused]:
            self._warehouse.in_transaction(
                lambda connection: note_accounts(connection, self._vendor, taken, self._clock())
            )
        return refused

    def _note_scope(
        self, source: AccountStream[AnyStream], run: StreamRun, state: StreamState, live: bool
    ) -> bool:
        """Notes what the account's options narrow the stream to before anything is read: what was
        read with others can't be missed, and complete days are read again. Returns whether the run
        can go on.
        """

        def work(connection: Connection) -> None:
            lock_streams(connection, source.account.name, source.stream)
            note_scope(connection, source, self._warehouse.now())

        if state.scope != source.scope:
            run.do((), lambda _: self._warehouse.in_transaction(work), live)
        return run.result.error is None

    def _each(
        self,
        accounts: Iterable[Account],
        streams: Sequence[AnyStream],
        work: Callable[[AccountStream[AnyStream]], Result],
        refused: Mapping[str, CallhouseError],
        live: bool = False,
    ) -> list[Result]:
        """The work for every account's streams at once; an account's details after what they are
        details of. Accounts that are `refused` fail.
        """
        begun: dict[str, list[Future[Result]]] = {}

        def watched(source: AccountStream[AnyStream], first: Sequence[Future[Result]]) -> Result:
            wait(first)
            refusal = refused.get(source.account.name)
            result = self._refuse(source, refusal, live) if refusal else work(source)
            self._watch(result)
            return result

        if self._goes_by_the_database:
            self._warehouse.clock.require_agreement()
        sources = [
            account_stream(self._vendor, account, stream)
            for account in accounts
            for stream in streams
            if stream.name in account.streams
        ]
        # In this order those that wait for others find them begun, and never block them.
        sources.sort(key=is_detail)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="account") as pool:
            futures: list[Future[Result]] = []
            for source in sources:
                mine = begun.setdefault(source.account.name, [])
                first = tuple(mine) if is_detail(source) else ()
                futures.append(pool.submit(watched, source, first))
                mine.append(futures[-1])
            try:
                return [future.result() for future in futures]
            except BaseException:
                self._readers.end_waits()  # else the run can't end before the waits of its threads
                raise

    def _refuse(
        self, source: AccountStream[AnyStream], refusal: CallhouseError, live: bool
    ) -> Result:
        def refuse(_: Loaded) -> None:
            raise refusal

        run = self._run(source, self._state(source))
        run.do((), refuse, live)
        return run.result

    def _poll(self, source: AccountStream[AnyStream], state: StreamState, until: float) -> Result:
        if time.monotonic() > until:
            # Its turn came so late that another run may have polled it meanwhile.
            before, state = state, self._state(source)
            if state.last_polled_at != before.last_polled_at:
                return Result(source.account.name, source.stream.name)
        run = self._run(source, state)
        result = run.result
        if run.probes:
            due = next_due(source.account, state, self._readers.credential(source.account))
            if due and due > self._clock():
                result.stopped, result.error = True, state.last_error
                return result
        poll = Poll(self._readers, run, until)
        if is_detail(source):
            poll.details(source)
        elif is_report(source) and self._note_scope(source, run, state, live=True):
            poll.windows(source, state)
        return result

    def _backfill(self, source: AccountStream[AnyStream], days: Sequence[date]) -> Result:
        state = self._state(source)
        run = self._run(source, state)
        wanted = [day for day in days if day >= source.account.start_date]
        if is_detail(source):
            self._backfill_details(source, run, wanted)
        elif is_report(source) and self._note_scope(source, run, state, live=False):
            self._backfill_windows(source, run, state, wanted)
        return run.result

    def _backfill_details(
        self, source: AccountStream[DetailStream], run: StreamRun, days: Sequence[date]
    ) -> None:
        reader = self._readers.details(source, BACKFILL)
        lacking, without = reader.days(days), reader.days_without_parents(days)
        run.result.read |= without
        run.result.days |= without
        for day in set(days) - set(lacking) - without:
            unread = f"its {source.stream.parent} haven't been read: load these first"
            run.result.trouble[day] = ("unread", unread)
        with self._readers.progress.follow(source, lacking, len(lacking)) as done:
            for day in lacking:
                if not run.is_over:
                    run.do((day,), partial(reader.read, day))
                done(1)

    def _backfill_windows(
        self,
        source: AccountStream[Stream],
        run: StreamRun,
        state: StreamState,
        days: Sequence[date],
    ) -> None:
        at_once = min(MOST_AT_ONCE, source.account.limits.concurrency)
        windows = plan.BackfillWindows(source, state, days, self._clock(), at_once)
        reader = self._readers.windows(source, BACKFILL, self._readers.learned(source, state))

        with self._readers.progress.follow(source, days, windows.parts) as done:

            def read(most: int | None = None) -> None:
                for window in islice(iter(windows.next, None), most):
                    if run.is_over:
                        break
                    run.do(window.days, partial(read_one, window))
                    done(windows.parts_of(window))

            def read_one(window: Window, loaded: Loaded) -> None:
                reader.read(window, loaded)
                windows.brought(window, loaded.total.records)

            if windows.begins_alone:
                read(most=1)
            with ThreadPoolExecutor(at_once) as pool:
                list(pool.map(read, [None] * at_once))

    def _rebuild(self, source: AccountStream[AnyStream], days: Sequence[date]) -> Result:
        run = self._run(source, StreamState())
        rebuilder = Rebuilder(self._context, source)
        for day, has_raw in rebuilder.days(days).items():
            if has_raw:
                run.do((), partial(rebuilder.rebuild, day), rebuilds=day)
            else:
                run.result.trouble[day] = ("kept", GONE)
        return run.result

    def _run(self, source: AccountStream[AnyStream], state: StreamState) -> StreamRun:
        credential = self._readers.credential(source.account)
        standing = CredentialState(
            credential,
            state.is_stopped(credential),
            state.refusals,
            is_full_disk(state.last_error),
        )
        return StreamRun(self._context, source, standing)

    def _state(self, source: AccountStream[AnyStream]) -> StreamState:
        states = read_states(self._warehouse, [source.account], [source.stream])
        return states.get((source.account.name, source.stream.name), StreamState())
