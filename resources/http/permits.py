"""The limiter: a permit from Postgres before every request, over all runs, processes and hosts.

A permit is a lease by the database's clock, renewed while the request runs (why not a lock:
docs/decisions/limits-lease.md). What is decided, is decided in `sql/functions/acquire_permit.sql`;
this module asks, waits, renews and gives up.
"""

import hashlib
import hmac
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from sqlalchemy.engine import Connection

from resources.account import Account
from resources.errors import (
    DeferredError,
    QuotaExhaustedError,
    StoppedError,
    TransientError,
)
from resources.http.more import More
from resources.postgres.batcher import Batcher
from resources.postgres.leases import Leases
from resources.postgres.warehouse import Warehouse, execute
from resources.text import payload

Hide = Callable[[Connection, Account, str], str]
LEASE = timedelta(seconds=15)
"""How soon a killed worker's permit is free; renewed three times as often."""
LONGEST_SLEEP_S = 10.0
"""A waiter looks again at least this often: its place is free soon after its last look."""
FEW_RECORDS = 500
"""Some milliseconds' work, between their answer and the next request: a usual page."""
ENDED = "the run ended before the answer came"
LONG_WAIT = timedelta(seconds=15)
TOLD_EVERY = timedelta(minutes=5)
"""A wait this long is reported, and again this often."""

REASONS = {
    "spacing": "one request of a report at a time, and an interval between two",
    "queue": "others are before it",
    "rate": "so many requests a second",
    "concurrency": "so many requests at once",
    "vendor": "the vendor asked for a pause",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How a run waits for permits: `backfill` comes after the polls; `longest` bounds a wait.

    `returns`: a poll that gives up returns at its next tick, so its place in the queue is kept.
    `once`: a request that fails isn't made again.
    """

    backfill: bool
    longest: timedelta
    returns: bool
    once: bool = False


POLL = Patience(backfill=False, longest=timedelta(seconds=30), returns=True)
"""A poll rather returns than holds a slot. It waits as long as it may be early (`plan.EARLY`)."""
CATCH_UP = Patience(backfill=True, longest=timedelta(seconds=30), returns=True)
"""A poll's older days: they come after what is live, and leave the quota's reserve alone."""
BACKFILL = Patience(backfill=True, longest=timedelta(hours=6), returns=False)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a backfill waits for, and until about when."""

    account: Account
    stream: str
    report: str
    reason: str
    until: datetime


@dataclass(slots=True)
class RequestOutcome:
    """What became of a request, filled in while it runs; written to the ledger at its end."""

    started: float = field(default_factory=time.monotonic)
    """Before the grant, so that no moment measured from it is too early for the vendor's."""
    reached_s: float | None = None
    """Seconds after the start by which the vendor had surely received it."""
    status: int | None = None
    bytes: int = 0
    digest: str | None = None
    """Of the body, if it is kept in memory and the status is 200."""
    records: int | None = None
    url: str | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    """The pause that its headers ask for: kept unless the answer is a success."""
    hold: timedelta | None = None
    """The pause that the vendor asks for."""
    hold_grows: bool = False
    """It doesn't say how long: this is the least, and more where it asked just before."""
    exhausted_until: datetime | None = None
    more: More = field(default_factory=More)
    """What the answer says of further records."""
    doubts: frozenset[str] = frozenset()
    """What stands beside its list and would make an empty one doubtful."""

    @property
    def is_small(self) -> bool:
        """Whether it went well, and it is a moment's work to look at what it brought."""
        is_good = self.error is None and self.hold is None and self.exhausted_until is None
        return is_good and self.records is not None and self.records <= FEW_RECORDS


@dataclass(slots=True)
class Permit:
    """A granted request; `id` is its id in `ops.requests` too."""

    id: int
    granted_at: datetime
    """Once there is an answer: as much earlier as that was made before it was asked for."""
    outcome: RequestOutcome
    lease_ends: float = math.inf
    """By `time.monotonic`, as `Leases.end` says: before another may be granted."""
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def now(self) -> datetime:
        """The database's time, as this process' stopwatch has it since the grant."""
        return self.granted_at + timedelta(seconds=time.monotonic() - self.outcome.started)

    def check(self) -> None:
        """Raises TransientError if the lease ran out, as another may have been granted since, and
        StoppedError when the run ends.
        """
        if self.stopping.is_set():
            raise StoppedError(ENDED)
        if time.monotonic() > self.lease_ends:
            raise TransientError("the permit for this request was lost; it starts again")


class Limiter:
    """Grants requests. One a process; its thread renews the permits that the process holds.

    `on_wait` is called for long waits, in the thread that waits. Once `stopping` is set nothing is
    granted any more, and what was granted is called off. `hide` takes people who have been
    forgotten out of an error about an account, in the transaction that writes it to the ledger.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        run_id: str | None = None,
        *,
        lease: timedelta = LEASE,
        on_wait: Callable[[Wait], None] | None = None,
        stopping: threading.Event | None = None,
        hide: Hide | None = None,
    ) -> None:
        self._warehouse = warehouse
        self._run_id = run_id
        self._on_wait = on_wait
        self._hide = hide
        self._process = uuid4().hex
        self._leases = Leases("permits", lease.total_seconds(), self._renew)
        self._stopping = stopping or threading.Event()
        self._closing = threading.Event()
        self._row = _Row()
        self._asking: defaultdict[str, Batcher[bytes, Any]]
        self._asking = defaultdict(lambda: Batcher(self._ask))
        self._credentials: dict[tuple[str, ...], str] = {}

    @cached_property
    def _key(self) -> bytes:
        return str(self._warehouse.rows("limits/credential_key")[0].value).encode()

    def credential(self, account: Account) -> str:
        """A keyed hash of the account's secrets: equal for accounts that share them."""
        owner = (account.vendor, *account.secrets)
        if (known := self._credentials.get(owner)) is None:
            known = hmac.new(self._key, "\0".join(owner).encode(), hashlib.sha256).hexdigest()
            self._credentials[owner] = known
        return known

    @contextmanager
    def permit(
        self, account: Account, stream: str, report: str, patience: Patience
    ) -> Iterator[Permit]:
        """Waits for its turn, then holds a permit for the block.

        Raises DeferredError when that would take longer than `patience` allows, StoppedError when
        the run ends, and QuotaExhaustedError when the day's quota is gone (or, behind the polls,
        what their reserve leaves of it).
        """
        credential = self.credential(account)
        permit = self._acquire(credential, account, stream, report, patience)
        try:
            with self._leases.hold(permit):
                yield permit
        finally:
            done = _told(credential, account, permit)
            if self._hide and permit.outcome.error is not None:
                self._give_back_failed(self._hide, account, done)
            elif self._row.goes_on and permit.outcome.is_small:
                self._row.done = done
            else:
                self._give_back(done)

    @contextmanager
    def in_a_row(self) -> Iterator[None]:
        """In the block this thread makes one request after the other: a permit is given back with
        the question for the next one, in one round trip, where nothing but a small answer is looked
        at in between. Before anything that takes longer it says `let_go`.
        """
        self._row.goes_on = True
        try:
            yield
        finally:
            self._row.goes_on = False
            self.let_go()

    def let_go(self) -> None:
        """Gives back what this thread still has of a request that is over."""
        if done := self._row.done:
            self._row.done = None
            self._give_back(done)

    def close(self) -> None:
        """Ends the renewing thread, and every wait."""
        self._closing.set()
        self._leases.close()

    def _acquire(
        self, credential: str, account: Account, stream: str, report: str, patience: Patience
    ) -> Permit:
        limits = account.limits
        asked = {
            "credential": credential,
            "account": account.name,
            "stream": stream,
            "report": report,
            "run_id": self._run_id,
            "holder": f"{self._process}-{threading.get_ident()}",
            "backfill": patience.backfill,
            "returns": patience.returns,
            "longest_sleep_s": LONGEST_SLEEP_S,
            "lease_s": self._leases.lease_s,
            "concurrency": limits.concurrency,
            "spacing_s": limits.min_interval_s,
            "rate": limits.requests_per_s,
            "bucket": account.operation,
            "timezone": account.timezone.key,
            "daily": limits.daily_requests,
            "reserve": limits.reserve,
        }
        report_at = 0.0
        deadline = time.monotonic() + patience.longest.total_seconds()
        while True:
            if self._stopping.is_set():
                raise StoppedError(ENDED)
            now = time.monotonic()
            patience_s = -1.0 if self._closing.is_set() else deadline - now
            if self._row.done and self._row.done["credential"] != credential:
                self.let_go()
            body = payload.encode({**asked, "patience_s": patience_s, "done": self._row.done})
            row = self._asking[credential].answer(body)
            self._row.done = None  # once it has surely been told: twice does no harm
            if row.permit is not None:
                ends = self._leases.end(now)
                return Permit(row.permit, row.granted_at, RequestOutcome(now), ends, self._stopping)
            if row.reason in ("quota", "reserve"):
                raise QuotaExhaustedError(quota_text(account, row.reason, row.until), row.until)
            if row.wait_s > patience_s:
                raise DeferredError(
                    f"{report} may be asked again at {_when(row.until, row.wait_s)} UTC: "
                    f"{REASONS[row.reason]}",
                    row.until,
                )
            if self._on_wait and row.wait_s > LONG_WAIT.total_seconds() and now >= report_at:
                self._on_wait(Wait(account, stream, report, row.reason, row.until))
                report_at = now + TOLD_EVERY.total_seconds()
            self._closing.wait(min(row.wait_s, LONGEST_SLEEP_S))

    def _ask(self, questions: list[bytes]) -> list[Any]:
        if len(questions) == 1:  # as pages ask: a tenth less work for Postgres
            return self._warehouse.rows("limits/acquire_permit", asked=questions[0].decode())
        asked = b",".join(questions).decode()
        return self._warehouse.rows("limits/acquire_permits", asked=f"[{asked}]")

    def _give_back(self, done: dict[str, Any]) -> None:
        self._warehouse.run("limits/release_permit", done=payload.encode(done).decode())

    def _give_back_failed(self, hide: Hide, account: Account, done: dict[str, Any]) -> None:
        """Somebody may have been forgotten since the vendor quoted them."""

        def work(connection: Connection) -> None:
            hidden = done | {"error": hide(connection, account, done["error"])}
            told = payload.encode(hidden).decode()
            execute(connection, "limits/release_permit", done=told)

        self._warehouse.in_transaction(work)

    def _renew(self, permits: list[int]) -> set[int]:
        rows = self._warehouse.rows("limits/renew_permits", permits=permits)
        return {row.id for row in rows}


class _Row(threading.local):
    """Whether this thread makes one request after the other; what is still to be told of its last
    one, which is over.
    """

    goes_on = False
    done: dict[str, Any] | None = None


def _told(credential: str, account: Account, permit: Permit) -> dict[str, Any]:
    """What the database is told of a request that is over."""
    outcome = permit.outcome
    duration = time.monotonic() - outcome.started
    return {
        "permit": permit.id,
        "credential": credential,
        "reached_s": duration if outcome.reached_s is None else outcome.reached_s,
        "duration_s": duration,
        "status": outcome.status,
        "bytes": outcome.bytes,
        "records": outcome.records,
        "url": outcome.url,
        "error": outcome.error,
        "hold_s": outcome.hold.total_seconds() if outcome.hold else None,
        "hold_grows": outcome.hold_grows,
        "bucket": account.operation,
        "timezone": account.timezone.key,
        "exhausted_until": outcome.exhausted_until,
    }


def quota_text(account: Account, reason: str, until: datetime) -> str:
    """That the quota of the account's operation is gone (`reason`: quota), or the backfills' share
    of it (reserve), and until when.
    """
    what = (
        "the day's quota of requests is used up"
        if reason == "quota"
        else "backfills have used their share of the day's quota, the rest is the schedules'"
    )
    local = until.astimezone(account.timezone)
    return f"{account.operation}: {what}; goes on by itself at {local:%Y-%m-%d %H:%M %Z}"


def _when(until: datetime, wait_s: float) -> str:
    """A time of day, with its date where that isn't today's."""
    is_today = until.date() == (until - timedelta(seconds=wait_s)).date()
    return f"{until:%H:%M:%S}" if is_today else f"{until:%Y-%m-%d %H:%M:%S}"
