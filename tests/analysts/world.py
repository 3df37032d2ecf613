"""Two days of the demo's invented customers, loaded as always, the same at every run."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assets.loading.load import Loader
from assets.refresh import refresh_marts
from resources.account import Account, Limits
from resources.configuration.accounts import read_accounts
from resources.postgres.warehouse import Warehouse
from resources.standin import demo
from resources.standin.server import StandIn
from resources.vendor_api.vendor import DetailStream, Stream
from resources.vendors import discover

DAYS = [date(2026, 3, 10), date(2026, 3, 11)]
TODAY = date(2026, 3, 12)
"""The day on which the pages' questions are asked."""
NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
"""At noon, at the vendors and here: some records of the days may still change."""
PATIENT = {"requests_per_s": None, "min_interval_s": 0, "concurrency": 2}
"""Spacing would take hours; what the limits are is tested elsewhere."""
SKIPPED = {"recording_audio"}


def load(
    url: str,
    folder: Path,
    days: Sequence[date] = DAYS,
    detailed: Sequence[date] = DAYS[:1],
    now: datetime = NOW,
) -> None:
    """Loads the days of every demo account into the warehouse at `url`. `now`: at the vendors.

    Details are a request each: those of the first day are enough.
    """
    first_day = min(days) - timedelta(days=1)
    with StandIn(first_day=first_day) as standin:
        standin.clock.set(now)
        demo.register(standin)
        demo.write_accounts(folder / "accounts.toml", standin.base_url, first_day)
        accounts = [_unhurried(a) for a in read_accounts(folder / "accounts.toml").values()]
        warehouse = Warehouse(url)
        try:
            for vendor in discover().values():
                loader = Loader(warehouse, vendor, "demo", clock=lambda: now)
                mine = [account for account in accounts if account.vendor == vendor.name]
                for kind, wanted in ((Stream, days), (DetailStream, detailed)):
                    streams = [s for s in vendor.streams if isinstance(s, kind)]
                    kept = [stream for stream in streams if stream.name not in SKIPPED]
                    results = loader.backfill(mine, kept, wanted)
                    assert not [result.error for result in results if result.error]
                loader.close()
            assert sorted(refresh_marts(warehouse)) == sorted(days)
        finally:
            warehouse.close()


def _unhurried(account: Account) -> Account:
    limits = Limits.model_validate(account.limits.model_dump() | PATIENT)
    kept = tuple(stream for stream in account.streams if stream not in SKIPPED)
    return account.model_copy(update={"limits": limits, "streams": kept})
