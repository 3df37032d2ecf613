"""What is left of daily quotas: one figure an operation, as its accounts share it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from resources.account import Account
from resources.warehouse import Warehouse
from resources.windows import business_day


@dataclass(frozen=True)
class Quota:
    """What is used of a daily quota on the vendor's present day."""

    operation: str
    day: date
    used: int
    by_backfill: int
    daily_requests: int
    exhausted_until: datetime | None
    """The vendor itself says that nothing is left until then."""

    @property
    def left(self) -> int:
        """How many requests may still be made."""
        return 0 if self.exhausted_until else max(self.daily_requests - self.used, 0)


def read_quotas(warehouse: Warehouse, accounts: Iterable[Account], now: datetime) -> list[Quota]:
    """By operation; accounts without a daily quota have none."""
    limited = {a.operation: a for a in accounts if a.limits.daily_requests}
    days = {name: business_day(now, account.timezone) for name, account in limited.items()}
    rows = {
        row.bucket: row
        for row in warehouse.rows(
            "status/quotas", buckets=list(days), days=list(days.values()), now=now
        )
    }
    return [
        Quota(
            name,
            days[name],
            row.used if (row := rows.get(name)) else 0,
            row.by_backfill if row else 0,
            account.limits.daily_requests or 0,
            row.exhausted_until if row else None,
        )
        for name, account in limited.items()
    ]
