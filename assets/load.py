"""Polls, backfills and rebuilds: all due accounts of a stream at once, each failing alone.

The 5-minute poll, a backfill from the UI and the command line are this code with another plan.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial

from assets import books, plan
from assets.details import DetailReader
from assets.land import Landing, Tally
from assets.plan import StreamState
from assets.read import WindowReader
from resources.account import Account
from resources.errors import CallhouseError, DeferredError, PermanentError
from resources.http import Http, Transport
from resources.permits import BACKFILL, POLL, Limiter, Patience
from resources.vendor import AnyStream, DetailStream, Stream, Vendor
from resources.warehouse import Warehouse, execute
from resources.windows import ONE_DAY, Window, business_day

THREADS = 16
"""Accounts worked on at once: they wait for vendors most of the time."""
POLL_BUDGET = timedelta(seconds=45)
"""A poll starts no further window of older days after this long: the next tick goes on."""


@dataclass(slots=True)
class Result:
    """What became of one account's stream in one run."""

    account: str
    stream: str
    tally: Tally = field(default_factory=Tally)
    days: set[date] = field(default_factory=set)
    """Days read in full, or on which something changed."""
    failed_days: set[date] = field(default_factory=set)
    error: str | None = None
    deferred_until: datetime | None = None
    stopped: bool = False
    trouble: dict[date, tuple[str, str]] = field(default_factory=dict)
    """What kept a day from being read in full: failed, deferred or stopped, and why."""

    @property
    def state(self) -> str:
        """ok, failed, deferred (a limit says when to go on) or stopped (credentials refused)."""
        if self.stopped:
            return "stopped"
        if self.error:
            return "failed"
        return "deferred" if self.deferred_until else "ok"


Watch = Callable[[Result], None]
"""Is shown a result whenever something has been added to it, from any thread."""


class Loader:
    """Loads one vendor's accounts. Holds the process's connections; `close` when done."""

    def __init__(
        self,
        warehouse: Warehouse,
        vendor: Vendor,
        run_id: str | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._vendor = vendor
        self._watch = watch or (lambda _: None)
        self._counting = threading.Lock()
        self._limiter = Limiter(warehouse, run_id)
        self._transport = Transport()

    def poll(self, accounts: Iterable[Account], streams: Sequence[AnyStream]) -> list[Result]:
        """What is due of the streams now, for all of the accounts."""
        return self._each(accounts, streams, self._poll)

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
                results += pool.map(lambda pair: watched(*pair), pairs)
        return results

    def _poll(self, account: Account, stream: AnyStream) -> Result:
        result = Result(account.name, stream.name)
        state = self._state(account, stream)
        if state.stopped_key == self._limiter.credential(account):
            result.stopped, result.error = True, state.last_error
            return result
        deadline = datetime.now(UTC) + POLL_BUDGET
        if isinstance(stream, DetailStream):
            reader = self._details(account, stream, POLL)
            for day in reader.days():
                if datetime.now(UTC) > deadline:
                    break
                self._attempt(result, account, stream, (day,), True,
                              partial(reader.read, day, until=deadline))
                if result.state != "ok":
                    break
            return result
        now = datetime.now(UTC)
        unsettled = self._unsettled(account, stream, now)
        ordered = plan.poll_windows(stream, account, state, unsettled, now)
        windows_reader = self._windows(account, stream, POLL)
        for window, is_live in ordered:
            if not is_live and datetime.now(UTC) > deadline:
                break
            self._attempt(result, account, stream, window.days, is_live,
                          partial(windows_reader.read, window, live=is_live))
            if result.state != "ok":
                break
        return result

    def _backfill(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        result = Result(account.name, stream.name)
        wanted = [day for day in days if day >= account.start_date]
        if isinstance(stream, DetailStream):
            details = self._details(account, stream, BACKFILL)
            for day in details.days(wanted):
                self._attempt(result, account, stream, (day,), False,
                              partial(details.read, day))
            return result
        state = self._state(account, stream)
        windows = plan.day_windows(stream, account, state, wanted, datetime.now(UTC))
        reader = self._windows(account, stream, BACKFILL)

        def read(window: Window) -> None:
            if not result.stopped:
                self._attempt(result, account, stream, window.days, False,
                              partial(reader.read, window))

        # Latencies overlap as far as the credential's limits let requests overlap.
        with ThreadPoolExecutor(min(4, account.limits.concurrency)) as pool:
            list(pool.map(read, windows))
        return result

    def _rebuild(self, account: Account, stream: AnyStream, days: Sequence[date]) -> Result:
        result = Result(account.name, stream.name)
        for day in sorted(days, reverse=True):
            landing = Landing(account, stream, day, self._warehouse.make_days)

            def work(connection: books.Connection, day: date = day, landing: Landing = landing) -> Tally:
                books.lock(connection, account, stream)
                heads = execute(connection, "load/raw_heads", account=account.name,
                                stream=stream.name, days=[day])
                tally = landing.rebuild(connection, heads)
                books.count_days(connection, account, stream, tally.days)
                return tally

            tally = self._warehouse.in_transaction(work)
            result.tally.add(tally)
            result.days |= tally.days
        return result

    def _attempt(
        self,
        result: Result,
        account: Account,
        stream: AnyStream,
        days: tuple[date, ...],
        live: bool,
        work: Callable[[Tally], None],
    ) -> None:
        """Does the work and writes down what became of it, in `ops` and in the result."""
        tally = Tally()
        concerned = days or (business_day(datetime.now(UTC), account.timezone),)
        try:
            work(tally)
        except DeferredError as error:
            until = error.until
            result.deferred_until = until
            reason = str(error)
            result.trouble |= dict.fromkeys(concerned, ("deferred", reason))
            self._warehouse.in_transaction(
                lambda c: books.note_deferred(c, account, stream, days, reason, until, live)
            )
        except CallhouseError as error:
            message = f"{account.name}: {error}"
            result.error = message
            result.failed_days |= set(days)
            stopped_key = None
            if isinstance(error, PermanentError):
                result.stopped = True
                stopped_key = self._limiter.credential(account)
                message += (
                    "; polls of this account have stopped: put a working credential where "
                    "accounts.toml points, or run `callhouse check` once the vendor accepts it"
                )
                result.error = message
            result.trouble |= dict.fromkeys(
                concerned, ("stopped" if stopped_key else "failed", message)
            )
            self._warehouse.in_transaction(
                lambda c: books.note_failure(c, account, stream, days, message, stopped_key)
            )
        else:
            result.days |= tally.days | set(days)
        with self._counting:
            result.tally.add(tally)
        self._watch(result)

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

    def _client(self, account: Account, stream: AnyStream, patience: Patience) -> object:
        http = Http(self._transport, self._limiter, account, stream.name, patience)
        return self._vendor.client(account, http)

    def _windows(self, account: Account, stream: Stream, patience: Patience) -> WindowReader:
        return WindowReader(self._warehouse, account, stream, self._client(account, stream, patience))

    def _details(self, account: Account, stream: DetailStream, patience: Patience) -> DetailReader:
        parent = self._vendor.stream(stream.of)
        assert isinstance(parent, Stream)
        client = self._client(account, stream, patience)
        return DetailReader(self._warehouse, account, stream, parent, client)


def read_states(
    warehouse: Warehouse, accounts: Sequence[Account], streams: Sequence[AnyStream]
) -> dict[tuple[str, str], StreamState]:
    """What is known of the accounts' streams, by account and stream."""
    rows = warehouse.rows(
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
            stopped_key=row.stopped_key,
            window_days=row.window_days,
            last_error=row.last_error,
        )
        for row in rows
    }
