"""What a process holds in Postgres only for as long as it goes on saying so.

A killed process' leases end by themselves, by the database's clock; one that is cut off from the
database knows by its own stopwatch, not later, that its leases may be somebody else's.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import sqlalchemy as sa

OWN = 0.8
"""The part of a lease's time that its holder goes by."""


class Lease(Protocol):
    """Something held; `lease_ends` is what `Leases.end` says."""

    id: int
    lease_ends: float


L = TypeVar("L", bound=Lease)
Renew = Callable[[list[int]], Collection[int]]
"""Renews the leases with these ids; returns those that could be."""


class Leases:
    """The leases of one kind that this process holds. A thread renews them three times as often as
    they would run out.
    """

    def __init__(self, name: str, lease_s: float, renew: Renew) -> None:
        self.lease_s = lease_s
        self._name = name
        self._renew = renew
        self._held: dict[int, Lease] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def hold(self, lease: L) -> Iterator[L]:
        """Renews the lease for the length of the block."""
        with self._lock:
            self._held[lease.id] = lease
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on, name=self._name, daemon=True)
                self._thread.start()
        try:
            yield lease
        finally:
            with self._lock:
                self._held.pop(lease.id, None)

    def end(self, asked: float) -> float:
        """When the holder of a lease that the database was asked for at `asked` takes it for lost,
        both by `time.monotonic`. Others may begin a fifth of its time later: by then the holder has
        looked, and what it had sent just before has arrived.
        """
        return asked + OWN * self.lease_s

    def close(self) -> None:
        """Ends the thread, as soon as nothing is held any more."""
        self._closing.set()

    def _go_on(self) -> None:
        while self._held or not self._closing.is_set():
            time.sleep(self.lease_s / 3)
            with self._lock:
                held = dict(self._held)
            if not held:
                continue
            now = time.monotonic()
            try:
                renewed = self._renew(list(held))
            except sa.exc.SQLAlchemyError:
                continue  # they run out by themselves
            for lease_id, lease in held.items():
                lease.lease_ends = self.end(now) if lease_id in renewed else now
