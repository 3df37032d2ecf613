"""The night's other work on the warehouse: partitions ahead, and pruning of `ops`."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from assets.account_streams import account_streams, parameters
from assets.maintenance.expiry import in_chunks
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.windows import ONE_DAY, business_day, days_between

DAYS_AHEAD = 7
READ_AFTER = timedelta(hours=6)
"""So long after its end a day should have been read whole."""
LEDGERS = (
    "requests", "rejects", "quotas", "details", "backfills", "permits", "holds", "waiters",
    "reads", "workers", "worker_runs",
)  # fmt: skip
"""The tables of `ops` that grow: what is over goes, by `sql/maintenance/prune_<table>.sql`."""


def make_days_ahead(warehouse: Warehouse, today: date) -> int:
    """Partitions from today to a week ahead; returns how many days there are."""
    days = days_between(today, today + timedelta(days=DAYS_AHEAD))
    warehouse.make_days(set(days))
    return len(days)


def prune(warehouse: Warehouse, keep: timedelta) -> dict[str, int]:
    """Deletes old rows of `ops`, by table; those of open matters stay whatever their age."""
    return {
        ledger: in_chunks(warehouse, f"maintenance/prune_{ledger}", keep=keep) for ledger in LEDGERS
    }


def unfinished(warehouse: Warehouse, accounts: Iterable[Account], now: datetime) -> list[str]:
    """A line for each account's stream whose last whole day was never read whole, and why."""
    sources = account_streams(accounts)
    days = [business_day(now - READ_AFTER, source.account.timezone) - ONE_DAY for source in sources]
    return [
        f"{row.account} {row.stream} {row.call_date}: {row.state}"
        + (f" ({row.note})" if row.note else "")
        for row in warehouse.rows("maintenance/unfinished_days", days=days, **parameters(sources))
    ]
