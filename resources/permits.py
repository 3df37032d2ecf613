"""The limiter: a permit from Postgres before every request, over all runs, processes and hosts.

A permit is a lease by the database's clock, renewed while the request runs. An advisory lock
would free itself with its session, but doesn't pass a transaction-pooling proxy; a lease does,
and a killed worker's ends by itself within `LEASE`.
"""

import hashlib
import hmac
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import uuid4

import sqlalchemy as sa

from resources.account import Account
from resources.errors import DeferredError, QuotaExhaustedError, TransientError
from resources.warehouse import Warehouse

LEASE = timedelta(seconds=15)
RENEW_EVERY = LEASE / 3
LONGEST_SLEEP_S = 2.0
"""A waiter looks again at least this often, so that its place in the queue stays its own."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a run waits for permits: `backfill` comes after the polls; `longest` bounds a wait."""

    backfill: bool
    longest: timedelta


POLL = Patience(backfill=False, longest=timedelta(seconds=20))
"""A poll rather comes back at its next tick than hold a slot."""
BACKFILL = Patience(backfill=True, longest=timedelta(days=2))


@dataclass(slots=True)
class Outcome:
    """What became of a request, filled in while it runs; written to the ledger at its end."""

    started: float = field(default_factory=time.monotonic)
    reached_s: float | None = None
    """Seconds after the grant by which the vendor had surely received it."""
    status: int | None = None
    bytes: int = 0
    records: int | None = None
    url: str | None = None
    error: str | None = None
    hold: timedelta | None = None
    exhausted: bool = False


@dataclass(slots=True)
class Permit:
    """A granted request. `request_id` (of `ops.requests`) is known once it is released."""

    id: int
    granted_at: datetime
    outcome: Outcome
    request_id: int | None = None
    lost: bool = False

    def check(self) -> None:
        """Raises TransientError if the lease was lost: another may have been granted since."""
        if self.lost:
            raise TransientError("the permit for this request was lost; it starts again")


class Limiter:
    """Grants requests. One a process; its thread renews the permits that the process holds."""

    def __init__(self, warehouse: Warehouse, run_id: str | None = None) -> None:
        self._warehouse = warehouse
        self._run_id = run_id
        self._process = uuid4().hex
        self._held: dict[int, Permit] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._renewer: threading.Thread | None = None

    @cached_property
    def _key(self) -> bytes:
        return str(self._warehouse.rows("limits/credential_key")[0].value).encode()

    def credential(self, account: Account) -> str:
        """A keyed hash of the account's secrets: equal for accounts that share them."""
        secrets = "\0".join(account.secret(name) for name in sorted(account.credentials))
        text = f"{account.vendor}\0{secrets}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    @contextmanager
    def permit(
        self, account: Account, stream: str, report: str, patience: Patience
    ) -> Iterator[Permit]:
        """Waits for its turn, then holds a permit for the block.

        Raises DeferredError when that would take longer than `patience` allows, and
        QuotaExhaustedError when the day's quota is gone (or, for a backfill, what the schedules'
        reserve leaves of it).
        """
        permit = self._acquire(account, stream, report, patience)
        with self._lock:
            self._held[permit.id] = permit
            if self._renewer is None:
                self._renewer = threading.Thread(target=self._renew, name="permits", daemon=True)
                self._renewer.start()
        try:
            yield permit
        finally:
            with self._lock:
                self._held.pop(permit.id, None)
            self._release(account, permit)

    def close(self) -> None:
        """Ends the renewing thread."""
        self._closing.set()

    def _acquire(self, account: Account, stream: str, report: str, patience: Patience) -> Permit:
        limits = account.limits
        # A poll that comes back at its next tick finds the place it had; other waiters are many.
        holder = f"{self._process}-{threading.get_ident()}" if patience.backfill else account.name
        parameters = {
            "credential": self.credential(account),
            "account": account.name,
            "stream": stream,
            "report": report,
            "run_id": self._run_id,
            "holder": holder,
            "backfill": patience.backfill,
            "concurrency": limits.concurrency,
            "spacing_s": limits.min_interval_s,
            "rate": limits.requests_per_s,
            "bucket": account.operation,
            "timezone": account.timezone.key,
            "daily": limits.daily_requests,
            "reserve": limits.reserve,
            "lease_s": LEASE.total_seconds(),
        }
        deadline = time.monotonic() + patience.longest.total_seconds()
        while True:
            row = self._warehouse.rows("limits/acquire_permit", **parameters)[0]
            if row.permit is not None:
                return Permit(row.permit, row.granted_at, Outcome())
            if row.reason in ("quota", "reserve"):
                until = datetime.now(UTC) + timedelta(seconds=row.wait_s)
                raise QuotaExhaustedError(_quota_text(account, row.reason, until), until)
            if time.monotonic() + row.wait_s > deadline:
                until = datetime.now(UTC) + timedelta(seconds=row.wait_s)
                raise DeferredError(
                    f"{account.name}: {report} may be asked again at {until:%H:%M:%S} UTC "
                    f"({row.reason})",
                    until,
                )
            self._closing.wait(min(row.wait_s, LONGEST_SLEEP_S))

    def _release(self, account: Account, permit: Permit) -> None:
        outcome = permit.outcome
        duration = time.monotonic() - outcome.started
        rows = self._warehouse.rows(
            "limits/release_permit",
            permit=permit.id,
            reached_s=duration if outcome.reached_s is None else outcome.reached_s,
            duration_s=duration,
            status=outcome.status,
            bytes=outcome.bytes,
            records=outcome.records,
            url=outcome.url,
            error=outcome.error,
            hold_s=outcome.hold.total_seconds() if outcome.hold else None,
            exhausted_bucket=account.operation if outcome.exhausted else None,
            timezone=account.timezone.key,
        )
        permit.request_id = rows[0][0]

    def _renew(self) -> None:
        while not self._closing.wait(RENEW_EVERY.total_seconds()):
            with self._lock:
                held = dict(self._held)
            if not held:
                continue
            try:
                rows = self._warehouse.rows(
                    "limits/renew_permits", permits=list(held), lease_s=LEASE.total_seconds()
                )
            except sa.exc.OperationalError:
                continue  # the database restarts; the lease is longer than a few such tries
            renewed = {row.id for row in rows}
            for permit_id, permit in held.items():
                permit.lost = permit_id not in renewed


def _quota_text(account: Account, reason: str, until: datetime) -> str:
    what = (
        "the day's quota of requests is used up"
        if reason == "quota"
        else "backfills have used their share of the day's quota, the rest is the schedules'"
    )
    local = until.astimezone(account.timezone)
    return f"{account.operation}: {what}; goes on by itself at {local:%Y-%m-%d %H:%M %Z}"
