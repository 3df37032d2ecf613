"""What is left of daily quotas: one figure an operation, as its accounts share it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from resources.account import Account
from resources.http.permits import quota_text
from resources.postgres.warehouse import Warehouse
from resources.windows import business_day, day_end


@dataclass(frozen=True)
class Quota:
    """What is used of a daily quota on the vendor's present day."""

    operation: str
    accounts: Sequence[str]
    """Those that share it."""
    day: date
    used: int
    by_backfill: int
    daily_requests: int | None
    """None: only the vendor counts, and says that it is used up."""
    left: int
    """How many requests may still be made."""
    exhausted_until: datetime | None
    """The vendor itself says that nothing is left until then."""
    trouble: str | None
    """What stands still because of it, and until when."""


def read_quotas(warehouse: Warehouse, accounts: Iterable[Account], now: datetime) -> list[Quota]:
    """By operation; one without a daily quota is left out, unless its vendor says that it is used
    up.
    """
    sharing: dict[str, list[Account]] = {}
    for account in accounts:
        sharing.setdefault(account.operation, []).append(account)
    days = {name: business_day(now, some[0].timezone) for name, some in sharing.items()}
    rows = {
        row.bucket: row
        for row in warehouse.rows(
            "status/quotas", buckets=list(days), days=list(days.values()), now=now
        )
    }
    return [
        _quota(some, days[name], rows.get(name))
        for name, some in sharing.items()
        if some[0].limits.daily_requests or (name in rows and rows[name].exhausted_until)
    ]


def _quota(sharing: Sequence[Account], day: date, row: Any) -> Quota:
    account, daily = sharing[0], sharing[0].limits.daily_requests
    used = row.used if row else 0
    until = row.exhausted_until if row else None
    left = 0 if until or daily is None else max(daily - used, 0)
    reserved = math.ceil(round((daily or 0) * account.limits.reserve, 6))
    trouble = None
    if left <= reserved:
        reason = "reserve" if left else "quota"
        trouble = quota_text(account, reason, until or day_end(day, account.timezone))
    return Quota(
        operation=account.operation,
        accounts=[account.name for account in sharing],
        day=day,
        used=used,
        by_backfill=row.by_backfill if row else 0,
        daily_requests=daily,
        left=left,
        exhausted_until=until,
        trouble=trouble,
    )
