"""The right to read a window of an account's stream: one process has it, of all runs and hosts.

What Dagster calls ended may not have ended yet, and two readers of one window ask the vendor twice.
A lease by the database's clock: a lock of a session neither passes a pooler nor ends with a host.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

from assets.loading.account_stream import AccountStream
from assets.loading.context import LoadContext
from resources.errors import DeferredError, StoppedError, TransientError
from resources.http.permits import ENDED, LONG_WAIT, Patience
from resources.postgres.leases import Leases
from resources.text import payload
from resources.vendor_api.vendor import AnyStream

Hold = Callable[[Sequence[date], bool], AbstractContextManager["ReadLease"]]
"""What a reader gets: `ReadLeases.hold` for its account and stream, as patient as it is."""
LEASE = timedelta(seconds=15)
"""How soon a killed reader's window is free."""
LOOK_EVERY_S = 1.0
AGAIN = timedelta(minutes=1)
"""A reader whose window stays taken for too long tries again so much later."""


@dataclass(slots=True)
class ReadLease:
    """The right to read a window, since `began_at` by the database's clock."""

    id: int
    began_at: datetime
    lease_ends: float
    stopping: threading.Event
    is_over: bool = False
    """Whether it has ended in the transaction that wrote down how the read ended."""

    def check(self) -> None:
        """Raises TransientError if the lease ran out, as another may read the window since, and
        StoppedError when the run ends.
        """
        if self.stopping.is_set():
            raise StoppedError(ENDED)
        if time.monotonic() > self.lease_ends:
            raise TransientError("the lease of this window was lost; it is read again")


class ReadLeases:
    """The windows that this process reads."""

    def __init__(self, context: LoadContext) -> None:
        self._warehouse = context.warehouse
        self._run_id = context.run_id
        self._holder = uuid4().hex
        self._stopping = context.stopping
        self._say = context.say
        self._leases = Leases("reads", LEASE.total_seconds(), self._renew)

    def close(self) -> None:
        """Ends the renewing thread."""
        self._leases.close()

    @contextmanager
    def hold(
        self,
        source: AccountStream[AnyStream],
        patience: Patience,
        days: Sequence[date],
        live: bool,
    ) -> Iterator[ReadLease]:
        """Waits for its turn, then no other process reads the same for the length of the block: the
        days in full, what the schedule reads on (`live`), or both.

        Raises DeferredError when that takes longer than `patience` allows, and StoppedError when
        the run ends.
        """
        lease = self._acquire(source, patience, days, live)
        try:
            with self._leases.hold(lease):
                yield lease
        finally:
            if not lease.is_over:
                self._warehouse.run("load/end_read", id=lease.id)

    def _acquire(
        self,
        source: AccountStream[AnyStream],
        patience: Patience,
        days: Sequence[date],
        live: bool,
    ) -> ReadLease:
        asked = source.where | {
            "days": [day.isoformat() for day in days],
            "live": live,
            "holder": self._holder,
            "run_id": self._run_id,
            "lease_s": self._leases.lease_s,
        }
        body = payload.encode(asked).decode()
        began = time.monotonic()
        has_said = False
        while not self._stopping.is_set():
            now = time.monotonic()
            row = self._warehouse.rows("load/begin_read", asked=body)[0]
            if row.id is not None:
                ends = self._leases.end(now)
                return ReadLease(row.id, row.now, ends, self._stopping)
            who = f"run {row.run_id[:8]}" if row.run_id else "another run"
            waited_s = time.monotonic() - began
            if waited_s > patience.longest.total_seconds():
                raise DeferredError(
                    f"{source.stream.name}: {who} is still reading this", row.now + AGAIN
                )
            if waited_s > LONG_WAIT.total_seconds() and not has_said:
                self._say(f"{source}: waiting for {who}, which reads the same")
                has_said = True
            self._stopping.wait(LOOK_EVERY_S)
        raise StoppedError(ENDED)

    def _renew(self, reads: list[int]) -> set[int]:
        rows = self._warehouse.rows("load/renew_reads", reads=reads, lease_s=self._leases.lease_s)
        return {row.id for row in rows}
