"""`python -m bench.workers`: what runs cost on one, two and four workers, and how long they take.

A year of three vendors is backfilled by workers with one process each; then a thousand accounts of
each of these vendors are polled by three workers. Workers, Postgres and the broker are this
machine's; the daemon is this process, and isn't counted. CPU seconds are those that the kernel
counts for the workers' processes and for Postgres. Needs redis-server.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from bench.server import Server
from bench.yard import Yard
from resources.configuration.home import CHECKOUT
from tests.workers.cluster import Cluster, Worker, open_cluster
from tests.workers.redis_server import RedisServer

FOLDER = CHECKOUT / ".callhouse" / "bench"
YEAR = 365
COUNTS = (1, 2, 4)
HOSTS = 3
STREAMS = {"conpeek": "dialogs", "evolux": "calls", "wolkvox": "calls"}
"""What the stand-in vendors serve fast."""
CROWD_LATENCY_MS = 200
PATIENCE_S = 7_200
NO_LIMITS = {"requests_per_s": 10_000, "min_interval_s": 0, "daily_requests": 2**31 - 1}
"""A benchmark that waits for a documented pause measures the pause."""
READY = "SELECT count(*) FROM ops.workers WHERE expires_at > ops.now()"


@dataclass(frozen=True)
class Figures:
    """What workers took for so many records, or accounts."""

    items: int
    wall_s: float
    workers_s: float
    """CPU of their processes."""
    postgres_s: float

    @property
    def line(self) -> str:
        """As a row of a table."""
        each_ms = (self.workers_s + self.postgres_s) / self.items * 1e3
        return (
            f"{self.items:,} | {self.wall_s:.0f} s | {self.workers_s:.1f} s | "
            f"{self.postgres_s:.1f} s | {each_ms:.2f} ms"
        )


@dataclass(frozen=True)
class Site:
    """A warehouse, a broker, and Dagster's daemon."""

    cluster: Cluster
    url: str
    server: Server

    def start(self, count: int, queue: str) -> list[Worker]:
        """So many workers with one process each, which take runs when this returns."""
        words = ("--queue", queue, "--concurrency", "1")
        made = [self.cluster.worker(*words) for _ in range(count)]
        self.cluster.until(lambda: self.one(READY) == count)
        return made

    def measure(self, workers: list[Worker], work: Callable[[], int]) -> Figures:
        """Does the work, which returns how many records or accounts it was about."""
        before = _cpu_s(workers), self.server.cpu_s(), time.monotonic()
        items = work()
        return Figures(
            items,
            time.monotonic() - before[2],
            _cpu_s(workers) - before[0],
            self.server.cpu_s() - before[1],
        )

    def one(self, query: str) -> int:
        """The query's only value."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute(query.encode()).fetchone()
        assert found is not None
        return int(found[0])


def _cpu_s(workers: list[Worker]) -> float:
    """Of all their processes, those that have ended included."""
    family = (process for worker in workers for process in worker.family())
    return float(sum(sum(process.cpu_times()[:4]) for process in family))


@contextmanager
def open_site(yard: Yard, url: str, accounts: Mapping[str, str], start: date) -> Iterator[Site]:
    """One with these accounts, by tenant and vendor."""
    with (
        yard.lane(url, "conpeek") as lane,
        RedisServer() as broker,
        tempfile.TemporaryDirectory(dir=FOLDER, prefix="workers-") as name,
    ):
        folder, lines = Path(name), []
        for account, vendor in accounts.items():
            tenant, secret = account.removeprefix(f"{vendor}-"), folder / account
            secret.write_text(f"standin-{tenant}", encoding="utf-8")
            lines += [
                f"[accounts.{account}]", f'vendor = "{vendor}"', 'timezone = "UTC"',
                f'base_url = "{url}/{vendor}/{tenant}"', f"start_date = {start}",
                f'streams = ["{STREAMS[vendor]}"]',
                f"credentials.token = {{ file = {json.dumps(str(secret))} }}",
                *(f"limits.{limit} = {value}" for limit, value in NO_LIMITS.items()),
            ]  # fmt: skip
        (folder / "accounts.toml").write_text("\n".join(lines), encoding="utf-8")
        os.environ["CALLHOUSE_ACCOUNTS"] = str(folder / "accounts.toml")
        database = lane.task.database_url
        with open_cluster(folder, database, broker.url()) as cluster:
            yield Site(cluster, database, lane.server)


def backfill(yard: Yard, url: str, count: int) -> Figures:
    """Of every day of every vendor, a backfill a vendor."""
    accounts = {f"{vendor}-demo-fast": vendor for vendor in STREAMS}
    with open_site(yard, url, accounts, yard.first_day) as site:
        cluster, workers = site.cluster, site.start(count, "backfills")
        days = [f"{yard.first_day + timedelta(days=n)}" for n in range(YEAR)]

        def work() -> int:
            made = [cluster.backfill(cluster.assets(vendor), days) for vendor in STREAMS]

            def statuses() -> set[str]:
                return {cluster.backfill_status(one) for one in made}

            cluster.until(lambda: all(s.startswith("COMPLETED") for s in statuses()), PATIENCE_S)
            assert statuses() == {"COMPLETED_SUCCESS"}, cluster.state()
            return site.one("SELECT count(*) FROM raw.records")

        return site.measure(workers, work)


def crowd(yard: Yard, url: str, size: int) -> Figures:
    """A poll of all accounts of every vendor, by HOSTS workers; nothing is new for any of them."""
    accounts = {
        f"{vendor}-demo-{number}": vendor for vendor in STREAMS for number in range(1, size + 1)
    }
    with open_site(yard, url, accounts, datetime.now(UTC).date()) as site:
        cluster, workers = site.cluster, site.start(HOSTS, "polls")

        def work() -> int:
            polls = [cluster.poll(vendor) for vendor in STREAMS]
            cluster.until(lambda: cluster.has_ended(*polls), PATIENCE_S)
            statuses = {cluster.run(poll).status.value for poll in polls}
            assert statuses == {"SUCCESS"}, cluster.state()
            return len(accounts)

        work()
        return site.measure(workers, work)


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--records", type=int, default=60_000, help="of each vendor")
    parser.add_argument("--accounts", type=int, default=1_000, help="of each vendor")
    parser.add_argument("--only", choices=("backfill", "crowd"))
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}", flush=True)
    sizes = dict.fromkeys(("dialogs", "calls", "handled"), options.records)
    with Yard(FOLDER, days=YEAR) as yard:
        if options.only != "crowd":
            with yard.vendors(**sizes) as url:
                for count in COUNTS:
                    print(
                        f"{count} workers, a year | {backfill(yard, url, count).line}", flush=True
                    )
        if options.only != "backfill":
            with yard.vendors(crowd=options.accounts, latency_ms=CROWD_LATENCY_MS) as url:
                print(f"{HOSTS} workers, polls | {crowd(yard, url, options.accounts).line}")
    print(f"load {psutil.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
