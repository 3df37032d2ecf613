"""A real worker: a process of its own that backfills, and may be killed at any moment."""

from collections.abc import Sequence
from datetime import date, timedelta
from multiprocessing.synchronize import Event

from assets.loading import lease
from assets.loading.load import Loader
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.vendors import discover


def backfill(url: str, account: Account, days: Sequence[date], begun: Event) -> None:
    """Says when it begins; ends well only if all went well."""
    lease.LEASE = timedelta(seconds=1)  # else the next worker waits for those of the last
    vendor = discover()[account.vendor]
    warehouse = Warehouse(url)
    loader = Loader(warehouse, vendor)
    begun.set()
    streams = [vendor.stream(name) for name in account.streams]
    results = loader.backfill([account], streams, days)
    loader.close()
    warehouse.close()
    assert all(result.error is None for result in results), results
