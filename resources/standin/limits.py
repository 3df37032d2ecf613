"""The vendors' limits as their documents name them, and the witness of every breach.

[D] the vendor's document says so; [P] public material says so; [A] nothing is documented, and
the figure is what Callhouse promises to keep to. A caller can know these limits beforehand, so
going beyond one is a breach. What only the vendor can know (a result of over 60,000 records or
256 MB, a query that takes over 60 seconds) is an answer, not a breach.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from resources.standin.clock import Clock

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant


@dataclass(frozen=True)
class Limits:
    concurrency: int | None = None
    """Requests in flight with one token."""
    requests_per_s: float | None = None
    min_interval_s: float = 0.0
    """Between the starts of two requests of one report with one token."""
    daily_requests: int | None = None
    """By operation, in the tenant's local day."""
    max_window_days: int | None = None
    max_page: int | None = None
    max_records: int | None = None
    max_bytes: int | None = None
    timeout_s: float | None = None
    names_full_count: bool = True
    """Whether the message of a cut answer names all records found, or those that came."""
    slack_s: float = 0.1
    """Two requests that left the caller far enough apart may arrive this much closer."""


DOCUMENTED = {
    "evolux": Limits(max_page=50, concurrency=4, requests_per_s=10),  # page [D], the rest [A]
    "conpeek": Limits(concurrency=4, requests_per_s=10),  # [A]
    "clickfono": Limits(concurrency=4, requests_per_s=10),  # [A]
    "wolkvox": Limits(
        concurrency=1,  # [D] "the same token cannot be consumed simultaneously"
        min_interval_s=300,  # [D] "a consumption every 5 minutes"
        daily_requests=1000,  # [D] licences x 1000; one licence unless the tenant has more
        max_window_days=31,  # [D]
        max_records=60_000,  # [D]
        max_bytes=256 * 1024 * 1024,  # [D]
        timeout_s=60,  # [D]
    ),
    "vono": Limits(concurrency=4, requests_per_s=10),  # [A]
}


@dataclass(frozen=True)
class Breach:
    """One request that broke one limit."""

    at: datetime
    vendor: str
    tenant: str
    limit: str
    detail: str


class Meter:
    """Counts requests by credential, as a vendor does, and records what goes beyond a limit.

    Spacing and rate are measured by a stopwatch, never by the stand-in's clock: that one may
    stand still while a caller's limiter goes by real time.
    """

    def __init__(self, clock: Clock, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self.breaches: list[Breach] = []
        self._clock = clock
        self._stopwatch = stopwatch
        self._lock = threading.Lock()
        self._in_flight: Counter[tuple[str, str]] = Counter()
        self._started: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._last: dict[tuple[str, str, str], float] = {}
        self._today: Counter[tuple[str, str, date]] = Counter()

    def breach(self, tenant: Tenant, limit: str, detail: str) -> None:
        self.breaches.append(Breach(self._clock.now(), tenant.vendor, tenant.name, limit, detail))

    def in_flight(self, tenant: Tenant) -> int:
        return self._in_flight[tenant.vendor, tenant.token]

    @contextmanager
    def request(self, tenant: Tenant, report: str) -> Iterator[list[str]]:
        """Holds one request in flight, and yields the names of the limits that it broke."""
        credential = (tenant.vendor, tenant.token)
        with self._lock:
            self._in_flight[credential] += 1
            broken = dict(self._broken(tenant, report, credential))
        for limit, detail in broken.items():
            self.breach(tenant, limit, detail)
        try:
            yield list(broken)
        finally:
            with self._lock:
                self._in_flight[credential] -= 1

    def _broken(
        self, tenant: Tenant, report: str, credential: tuple[str, str]
    ) -> Iterator[tuple[str, str]]:
        limits, now = tenant.limits, self._stopwatch()

        in_flight = self._in_flight[credential]
        if limits.concurrency and in_flight > limits.concurrency:
            yield "concurrency", f"{in_flight} in flight, {limits.concurrency} allowed"

        last = self._last.get((*credential, report))
        self._last[(*credential, report)] = now
        if last is not None and now - last < limits.min_interval_s - limits.slack_s:
            yield "min_interval_s", f"{report} again after {now - last:.2f} s"

        if limits.requests_per_s:
            span = max(1.0, 1 / limits.requests_per_s)
            started = self._started[credential]
            started.append(now)
            while started[0] <= now - span + limits.slack_s:
                started.popleft()
            if len(started) > limits.requests_per_s * span:
                yield "requests_per_s", f"{len(started)} requests within {span:g} s"

        day = self._clock.now().astimezone(tenant.zone).date()
        operation = (tenant.vendor, tenant.operation, day)
        self._today[operation] += 1
        if limits.daily_requests and self._today[operation] > limits.daily_requests:
            yield "daily_requests", f"request {self._today[operation]} of {day}"
