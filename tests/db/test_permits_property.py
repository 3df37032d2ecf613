"""Whatever happens in whatever order, no limit is broken and nobody waits for ever.

Workers of two accounts, with a token and an operation each or shared, ask, answer, vanish and come
back, while the database's clock goes on or is set back and operations get other names. The model's
vendor counts what arrives, by a clock of its own that nobody sets, be it slow or ahead.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from resources.account import Account
from resources.postgres.warehouse import Warehouse
from tests.db.permits.waiter import NOON, Clock, Waiter, account, clear

LATE = datetime(2026, 3, 11, 4, 59, 30, tzinfo=UTC)
"""Half a minute before midnight in Bogotá."""
LEASE_S = 15
PICK = st.integers(0, 5)
SHARE = st.sampled_from([0, 0.5, 1, 1])
_examples = itertools.count()


@dataclass
class Worker:
    """One thread of a process; what it holds, and since when by the vendor's clock."""

    waiter: Waiter
    backfill: bool
    permit: int | None = None
    granted: float = 0.0


@dataclass
class Vendor:
    """Counts what arrives."""

    arrivals: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    """By token and report."""
    days: dict[tuple[str, Any], int] = field(default_factory=lambda: defaultdict(int))
    """By customer and local day: who has one operation, or one token, by whatever name."""


class Limits(RuleBasedStateMachine):
    """One example: its own accounts, so that nothing is left over from the one before."""

    warehouse: ClassVar[Warehouse]
    clock: ClassVar[Clock]

    @initialize(
        concurrency=st.integers(1, 4),
        spacing=st.sampled_from([0, 7, 20]),
        rate=st.sampled_from([None, 0.5, 3]),
        daily=st.sampled_from([None, None, 3, 5, 12]),
        one_token=st.booleans(),
        one_operation=st.booleans(),
        late=st.booleans(),
        ahead_s=st.sampled_from([0, 0, -20, 20]),
    )
    def begin(
        self,
        concurrency: int,
        spacing: float,
        rate: float | None,
        daily: int | None,
        one_token: bool,
        one_operation: bool,
        late: bool,
        ahead_s: float,
    ) -> None:
        number = next(_examples)
        self.spacing, self.rate, self.daily, self.concurrency = spacing, rate, daily, concurrency
        self.late, self.now, self.vendor, self.names = late, 0.0, Vendor(), 0
        self.ahead_s = ahead_s
        self.one_customer = one_token or one_operation
        self.clock.set(LATE if late else NOON)
        limits = {
            "concurrency": concurrency,
            "min_interval_s": spacing,
            "requests_per_s": rate,
            "daily_requests": daily,
            "reserve": 0.25,
        }
        accounts = [
            account(
                f"a{number}-{n}",
                f"t{number}-{0 if one_token else n}",
                operation=f"o{number}-{0 if one_operation else n}",
                limits=dict(limits),
            )
            for n in range(2)
        ]
        self.workers = [
            self._worker(accounts[n % 2], f"report-{n // 4}", backfill=n in (2, 5))
            for n in range(6)
        ]
        self.began = self.clock.at

    def _worker(self, of: Account, report: str, *, backfill: bool) -> Worker:
        return Worker(Waiter(self.warehouse, of, report, backfill=backfill), backfill)

    # What may happen.

    @rule(pick=PICK, patience_s=st.sampled_from([0, 5, 1e6]), returns=st.booleans())
    def look(self, pick: int, patience_s: float, returns: bool) -> None:
        if idle := [worker for worker in self.workers if worker.permit is None]:
            self._look(idle[pick % len(idle)], patience_s=patience_s, returns=returns)

    @rule(pick=PICK)
    def wait(self, pick: int) -> None:
        """Looks again as soon as it was told that it might be its turn."""
        if idle := [worker for worker in self.workers if worker.permit is None]:
            worker = idle[pick % len(idle)]
            for _ in range(2):
                row = self._look(worker)
                if row.permit is not None or row.wait_s > 60:
                    break
                self.go_on(row.wait_s)

    @rule(pick=PICK, reached=SHARE, arrived=SHARE)
    def answer(self, pick: int, reached: float, arrived: float) -> None:
        """The worker knows when it was surely received; it was received at or before that."""
        if held := [(w, w.permit) for w in self.workers if w.permit is not None]:
            worker, permit = held[pick % len(held)]
            reached_s = reached * (self.now - worker.granted)
            worker.waiter.release(permit, reached_s=reached_s)
            self._arrive(worker, worker.granted + arrived * reached_s)
            worker.permit = None

    @rule(n=PICK, arrived=SHARE)
    def vanish(self, n: int, arrived: float) -> None:
        """As by kill -9: what it sent may arrive until now; its permit and its place stay."""
        worker = self.workers[n]
        if worker.permit is not None:
            self._arrive(worker, worker.granted + arrived * (self.now - worker.granted))
        self.workers[n] = self._worker(
            worker.waiter.account, worker.waiter.report, backfill=worker.backfill
        )

    @rule(seconds=st.sampled_from([0.05, 0.3, 1, 4, 21]))
    def go_on(self, seconds: float) -> None:
        """Time goes by; who lives renews its lease."""
        while seconds > 0:
            step = min(seconds, LEASE_S / 3)
            seconds -= step
            self.now += step
            self.clock.move(step)
            held = [worker.permit for worker in self.workers if worker.permit is not None]
            if held:
                renewed = self.warehouse.rows("limits/renew_permits", permits=held)
                assert sorted(row.id for row in renewed) == sorted(held)

    @rule()
    def rename(self) -> None:
        """Both accounts' operations, in the file that every worker reads."""
        self.names += 1
        for worker in self.workers:
            of = worker.waiter.account
            operation = f"{of.operation.partition(' ')[0]} {self.names}"
            worker.waiter.account = of.model_copy(update={"operation": operation})
            worker.waiter.asked["bucket"] = operation

    @precondition(lambda self: not self.late)
    @rule(seconds=st.sampled_from([0.5, 10, 3600]))
    def set_back(self, seconds: float) -> None:
        """The database's clock alone: the vendor's goes on."""
        if self.clock.at - timedelta(seconds=seconds) > NOON - timedelta(hours=6):
            self.clock.move(-seconds)

    # What must hold.

    def _look(self, worker: Worker, **changes: Any) -> Any:
        row = worker.waiter.look(**changes)
        if row.permit is not None:
            worker.permit, worker.granted = row.permit, self.now
            token = worker.waiter.credential
            flying = [w.permit for w in self.workers if w.permit and w.waiter.credential == token]
            assert len(flying) <= self.concurrency
            if worker.backfill and self.daily is not None:
                assert self._used_today(worker) <= self.daily * 0.75
        return row

    def _used_today(self, worker: Worker) -> int:
        of = worker.waiter.account
        with self.warehouse.transaction() as connection:
            used = connection.execute(
                sa.text("SELECT used FROM ops.quotas WHERE bucket = :bucket AND day = :day"),
                {"bucket": of.operation, "day": self.clock.at.astimezone(of.timezone).date()},
            )
            return int(used.scalar_one())

    def _arrive(self, worker: Worker, at: float) -> None:
        waiter = worker.waiter
        at = min(at, worker.granted + 39)  # it is sent at once, or not at all
        self.vendor.arrivals[waiter.credential, waiter.report].append(at)
        # What is added up ends half a microsecond before midnight.
        moment = self.began + timedelta(seconds=round(at, 3) + self.ahead_s)
        day = moment.astimezone(waiter.account.timezone).date()
        customer = "" if self.one_customer else waiter.account.name
        self.vendor.days[customer, day] += 1
        if self.daily is not None:
            assert max(self.vendor.days.values()) <= self.daily

    def teardown(self) -> None:
        if not hasattr(self, "workers"):
            return
        for n in range(6):
            self.vanish(n, 1.0)
        self._everybody_gets_a_turn()
        for at in self.vendor.arrivals.values():
            at.sort()
            assert all(b - a >= self.spacing - 1e-4 for a, b in itertools.pairwise(at))
        if self.rate is None:
            return
        span, most = max(1, 1 / self.rate), max(1, int(self.rate * max(1, 1 / self.rate)))
        by_token: dict[str, list[float]] = defaultdict(list)
        for (token, _), times in self.vendor.arrivals.items():
            by_token[token] += times
        for times in map(sorted, by_token.values()):
            assert all(b - a >= span - 1e-4 for a, b in zip(times, times[most:], strict=False))

    def _everybody_gets_a_turn(self) -> None:
        """Soon: all leases and places left behind run out, and everybody gets through once."""
        waiting = list(self.workers)
        for _ in range(300):
            rows = {}
            for worker in list(waiting):
                row = self._look(worker)
                if row.permit is None:
                    rows[row.reason] = row
                else:
                    worker.waiter.release(row.permit)
                    self._arrive(worker, self.now)
                    worker.permit = None
                    waiting.remove(worker)
            if not waiting:
                return
            if not rows:
                continue
            if rows.keys() <= {"quota", "reserve"}:
                wait_s = max(row.wait_s for row in rows.values())
                self.now += wait_s
                self.clock.move(wait_s)
            else:
                self.go_on(min(5.0, max(0.02, min(row.wait_s for row in rows.values()))))
        raise AssertionError(f"stuck: {rows}")


@pytest.fixture
def machine(shared_warehouse: Warehouse) -> type[Limits]:
    clear(shared_warehouse)
    Limits.warehouse, Limits.clock = shared_warehouse, Clock(shared_warehouse)
    return Limits


SETTINGS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), stateful_step_count=40, database=None
)


def test_no_order_of_events_breaks_a_limit(machine: type[Limits]) -> None:
    run_state_machine_as_test(
        machine, settings=settings(SETTINGS, max_examples=12, derandomize=True)
    )


@pytest.mark.long
def test_no_order_of_events_breaks_a_limit_at_length(machine: type[Limits]) -> None:
    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=1500))
