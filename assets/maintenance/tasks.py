"""The night's other work on the warehouse: partitions ahead, and pruning of `ops`."""

from datetime import date, datetime, timedelta

from assets.maintenance.expiry import in_chunks
from resources.postgres.warehouse import Warehouse
from resources.windows import days_between

DAYS_AHEAD = 7
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


def unfinished(warehouse: Warehouse, now: datetime) -> list[str]:
    """A line for each account's stream whose last whole day was never read whole, and why."""
    return [
        f"{row.account} {row.stream} {row.call_date}: {row.state}"
        + (f" ({row.note})" if row.note else "")
        for row in warehouse.rows("maintenance/unfinished_days", now=now)
    ]
