"""`python -m bench.permits`: what a permit costs, and how many are granted a second.

Plain timing against the embedded Postgres of the tests; nothing is sent to anybody. The figures of
docs/operators/limits.md come from here.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import date, timedelta
from multiprocessing.synchronize import Barrier
from tempfile import TemporaryFile
from zoneinfo import ZoneInfo

import psutil
import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from resources.account import Account, Limits, Options
from resources.configuration.home import CHECKOUT, Home
from resources.embedded.local_postgres import LocalPostgres
from resources.http.permits import BACKFILL, Limiter
from resources.postgres.migration import migrate
from resources.postgres.warehouse import Warehouse

DATABASE = "bench_permits"
PERMITS = 3_000
BATCH = 100
"""Timed apart, as others may use the machine meanwhile."""
SECONDS = 5
PROCESSES = 4


def account(name: str, **limits: float) -> Account:
    """An account; without `limits` nothing makes it wait but 64 requests at once."""
    return Account(
        name=name,
        vendor="bench",
        base_url="https://vendor.example",
        timezone=ZoneInfo("UTC"),
        start_date=date(2026, 1, 1),
        streams=("calls",),
        currency=None,
        country="CO",
        operation=name,
        poll_every=timedelta(minutes=5),
        credentials={"token": SecretStr(name)},
        limits=Limits.model_validate({"concurrency": 64, **limits}),
        options=Options(),
    )


@contextmanager
def database() -> Iterator[str]:
    """A fresh, migrated warehouse."""
    server = LocalPostgres(Home(CHECKOUT / ".callhouse" / "bench"))
    server.start()
    with closing(psycopg.connect(server.url("postgres"), autocommit=True)) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        migrate(server.url(DATABASE))
        yield server.url(DATABASE)
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    server.stop_if_unused()


def one(url: str) -> None:
    """The cost of one permit where nobody else wants one."""
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        limiter, alone = Limiter(warehouse), account("alone", daily_requests=10**9)

        def permit() -> None:
            with limiter.permit(alone, "calls", "calls", BACKFILL) as permit:
                permit.outcome.records = 1

        permit()  # connects, and learns the key
        trips = _round_trips(warehouse, permit)
        with warehouse.autocommit.connect() as connection:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        backend, ours = psutil.Process(pid), psutil.Process()
        trip = statistics.median(
            _timed_ms(lambda: warehouse.rows("load/clock")) for _ in range(500)
        )
        print(f"one permit, no contention: {trips} round trips (an empty one takes {trip:.2f} ms)")
        for how, block in (("alone", nullcontext()), ("in a row", limiter.in_a_row())):
            before = _cpu_s(backend), _cpu_s(ours)
            with block:
                batches = [
                    [_timed_ms(permit) for _ in range(BATCH)] for _ in range(PERMITS // BATCH)
                ]
            cpu = [
                (_cpu_s(p) - b) * 1000 / PERMITS
                for p, b in zip((backend, ours), before, strict=True)
            ]
            medians = [statistics.median(batch) for batch in batches]
            print(
                f"  {how}: median {statistics.median(medians):.2f} ms, in the quietest batch "
                f"{min(medians):.2f} ms"
            )
            print(f"  CPU: Postgres {cpu[0]:.2f} ms, this process {cpu[1]:.2f} ms")
        limiter.close()


def _round_trips(warehouse: Warehouse, work: Callable[[], None]) -> int:
    with warehouse.autocommit.connect() as connection, TemporaryFile("w+") as wire:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.pgconn.trace(wire.fileno())
        connection.close()  # the pool has no other
        work()
        driver.pgconn.untrace()
        wire.seek(0)
        return wire.read().count("ReadyForQuery")


def _timed_ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def many(url: str, shared: bool) -> None:
    """Grants a second of several processes, with a credential each or one for all."""
    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(PROCESSES), context.SimpleQueue()
    workers = [
        context.Process(target=_grant, args=(url, "all" if shared else f"n{n}", barrier, counts))
        for n in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    total = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    whose = "one credential" if shared else "a credential each"
    print(f"{PROCESSES} processes, {whose}: {total / SECONDS:,.0f} grants a second")


def _grant(
    url: str, name: str, barrier: Barrier, counts: "multiprocessing.SimpleQueue[int]"
) -> None:
    with closing(Warehouse(url)) as warehouse:
        limiter, mine = Limiter(warehouse), account(name)
        barrier.wait()
        ends, granted = time.perf_counter() + SECONDS, 0
        while time.perf_counter() < ends:
            with limiter.permit(mine, "calls", "calls", BACKFILL):
                granted += 1
        limiter.close()
    counts.put(granted)


def main() -> None:
    """All of it."""
    with database() as url:
        one(url)
        many(url, shared=False)
        many(url, shared=True)


if __name__ == "__main__":
    main()
