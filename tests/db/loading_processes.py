"""Many processes that load from all vendors at once, for tests of the limiter: to be killed."""

import itertools
import multiprocessing
import random
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing.context import ForkServerProcess

from assets.loading.load import Loader
from resources.account import Account
from resources.http.permits import Limiter, Patience, Permit, RequestOutcome
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover

LEASE = timedelta(seconds=3)


class NoLimits(Limiter):
    """Grants everything at once."""

    _ids = itertools.count(1)

    @contextmanager
    def permit(
        self, account: Account, stream: str, report: str, patience: Patience
    ) -> Iterator[Permit]:
        """A permit that nobody counts."""
        yield Permit(next(self._ids), datetime.now(UTC), RequestOutcome())


class LoadingProcesses:
    """The processes: each polls or backfills all vendors at once, until it is killed."""

    def __init__(self, url: str, accounts: Sequence[Account], limiter: type[Limiter]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__])
        self._arguments = (url, list(accounts), limiter)
        self._backfills = itertools.cycle([True, False])
        self._chosen = random.Random(0)
        self._processes: list[ForkServerProcess] = []

    def start(self, processes: int) -> None:
        """More of them; every other one backfills."""
        for backfills in itertools.islice(self._backfills, processes):
            arguments = (*self._arguments, backfills)
            process = self._context.Process(target=load, args=arguments, daemon=True)
            process.start()
            self._processes.append(process)

    def kill_any(self) -> None:
        """`kill -9` for one of them."""
        process = self._processes.pop(self._chosen.randrange(len(self._processes)))
        assert process.is_alive(), "a process has ended by itself: see its traceback"
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL

    def end(self) -> None:
        """`kill -9` for all."""
        while self._processes:
            self.kill_any()


def load(url: str, accounts: list[Account], limiter: type[Limiter], backfills: bool) -> None:
    """What one process does; it never ends."""
    warehouse = Warehouse(url, pool_size=8)

    def load_from(vendor: Vendor) -> None:
        mine = [account for account in accounts if account.vendor == vendor.name]
        endless = loader(warehouse, vendor, limiter)
        while True:
            if backfills:
                endless.backfill(mine, vendor.streams, past_days(2))
            else:
                endless.poll(mine, vendor.streams)

    vendors = discover().values()
    with ThreadPoolExecutor(len(vendors)) as pool:
        list(pool.map(load_from, vendors))


def loader(warehouse: Warehouse, vendor: Vendor, limiter: type[Limiter] = Limiter) -> Loader:
    """One whose lost permits are free soon."""
    made = Loader(warehouse, vendor, "processes")
    made._readers.limiter = limiter(warehouse, "processes", lease=LEASE)
    return made


def past_days(count: int) -> list[date]:
    """The last full business days, in UTC; near enough."""
    today = datetime.now(UTC).date()
    return [today - timedelta(days=n) for n in range(1, count + 1)]
