"""What Dagster's graph has of the accounts: vendors, streams and days, as they were when the code
location was loaded. Dagster asks for them again only at *Reload definitions*.
"""

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime

import dagster as dg

from assets.partitions import KEY, business_days, days_since
from resources.account import Account
from resources.vendor_api.vendor import Vendor
from resources.vendors import discover


@dataclass(frozen=True)
class Graph:
    """The vendors that have accounts, the streams that any of these load, and the business days."""

    streams: Mapping[str, AbstractSet[str]]
    """By vendor. Without any account all of them: nobody has said yet what will be used."""
    days: dg.TimeWindowPartitionsDefinition

    @classmethod
    def of(
        cls,
        accounts: Mapping[str, Account],
        now: datetime | None = None,
        since: date | None = None,
    ) -> "Graph":
        """The graph for the accounts. `since`: a day that it has, whether it is theirs or not."""
        streams: dict[str, set[str]] = {}
        for account in accounts.values():
            streams.setdefault(account.vendor, set()).update(account.streams)
        if not streams:
            streams = {v.name: {stream.name for stream in v.streams} for v in discover().values()}
        return cls(streams, business_days(accounts.values(), now, since))

    @classmethod
    def read(cls, text: str) -> "Graph":
        """The graph of which that is the text."""
        streams, first, timezone = json.loads(text)
        return cls({name: set(mine) for name, mine in streams.items()}, days_since(first, timezone))

    @property
    def text(self) -> str:
        """All of it."""
        streams = {name: sorted(mine) for name, mine in sorted(self.streams.items())}
        return json.dumps([streams, f"{self.days.start:{KEY}}", self.days.timezone])

    @property
    def vendors(self) -> list[Vendor]:
        """The vendors, each with these streams alone."""
        return [
            vendor.only(self.streams[vendor.name])
            for vendor in discover().values()
            if vendor.name in self.streams
        ]

    def lacks(self, accounts: Mapping[str, Account], now: datetime | None = None) -> Iterator[str]:
        """What the accounts use by now and the graph lacks."""
        now = now or datetime.now(UTC)
        new = Graph.of(accounts, now)
        for vendor, streams in new.streams.items():
            if vendor not in self.streams:
                yield vendor
            else:
                yield from (f"{vendor} {name}" for name in sorted(streams - self.streams[vendor]))
        with dg.partition_loading_context(effective_dt=now):
            for day in (new.days.get_first_partition_key(), new.days.get_last_partition_key()):
                if day and not self.days.has_partition_key(day):
                    yield f"days from {day}"
