"""Business days as Dagster partitions: one set of labels for every account of every vendor."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import dagster as dg

from resources.account import Account

KEY = "%Y-%m-%d"


def business_days(accounts: Iterable[Account]) -> dg.DailyPartitionsDefinition:
    """From the first account's start to a day ahead of UTC: zones ahead of it are there already.

    The labels mean each account's own local day, so the definition's zone is only a label too.
    """
    first = min((account.start_date for account in accounts), default=datetime.now(UTC).date())
    return dg.DailyPartitionsDefinition(start_date=f"{first:{KEY}}", end_offset=2)


def day_range(days: Iterable[date]) -> tuple[str, str]:
    """The first and last partition of the days."""
    ordered = sorted(days)
    return f"{ordered[0]:{KEY}}", f"{ordered[-1]:{KEY}}"


def partition_days(keys: Iterable[str]) -> list[date]:
    """Partition keys as days."""
    return [date.fromisoformat(key) for key in keys]
