"""Business days as Dagster partitions: one set of labels for every account of every vendor."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from resources.account import Account
from resources.windows import business_day

KEY = "%Y-%m-%d"
A_YEAR = [timedelta(days=days) for days in range(0, 366, 7)]


def business_days(
    accounts: Iterable[Account], now: datetime | None = None, since: date | None = None
) -> dg.DailyPartitionsDefinition:
    """From the first account's start, or an earlier day, to the present day of the account furthest
    ahead.

    The labels mean each account's own local day. They go on with time: Dagster counts them by the
    clock of the account's zone that is furthest ahead, so that no partition is there before it has
    begun somewhere.
    """
    accounts, now = list(accounts), now or datetime.now(UTC)
    zone = furthest_ahead({account.timezone for account in accounts}, now)
    starts = [since] if since else []
    starts += [account.start_date for account in accounts]
    first = min(starts, default=business_day(now, zone))
    return days_since(f"{first:{KEY}}", zone.key)


def days_since(first: str, timezone: str) -> dg.DailyPartitionsDefinition:
    """From the first one to the present day of the zone."""
    return dg.DailyPartitionsDefinition(start_date=first, timezone=timezone, end_offset=1)


def furthest_ahead(zones: Iterable[ZoneInfo], now: datetime) -> ZoneInfo:
    """The zone whose days begin first at present; of several, the one whose days begin first over
    the next year. UTC where there is none.
    """

    def ahead(zone: ZoneInfo) -> list[timedelta]:
        offsets = [(now + later).astimezone(zone).utcoffset() or timedelta(0) for later in A_YEAR]
        return [offsets[0], sum(offsets, timedelta(0))]

    return max(sorted(zones, key=lambda zone: zone.key), key=ahead, default=ZoneInfo("UTC"))


def day_range(
    days: Iterable[date], known: dg.TimeWindowPartitionsDefinition, now: datetime
) -> tuple[str, str] | None:
    """The first and last partition of the days, each the nearest that there is: an account may have
    come into the file since Dagster read it. None while there is no partition at all.
    """
    with dg.partition_loading_context(effective_dt=now):
        first, last = known.get_first_partition_key(), known.get_last_partition_key()
    if first is None or last is None:
        return None
    labels = [min(max(f"{day:{KEY}}", first), last) for day in days]
    return min(labels), max(labels)


def partition_days(keys: Iterable[str]) -> list[date]:
    """Partition keys as days."""
    return [date.fromisoformat(key) for key in keys]
