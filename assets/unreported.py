"""Days that are good and that Dagster doesn't show so: a run failed or died before it reported
them, and nothing has changed since that a poll would report.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
from dagster._core.storage.partition_status_cache import AssetPartitionStatus

from assets.keys import facts_key, mart_key, raw_key
from assets.metadata import day_metadata
from assets.partitions import partition_days
from assets.refresh import tables
from resources.account import Account
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor
from resources.windows import business_day

WHY = "The data was good; only a run that was to report it had failed."
NEVER, FAILED = None, AssetPartitionStatus.FAILED


@dataclass(frozen=True)
class Unreported:
    """Finds them among the business `days` that an instance of Dagster shows."""

    instance: dg.DagsterInstance
    warehouse: Warehouse
    days: dg.TimeWindowPartitionsDefinition

    def streams(
        self, vendor: Vendor, accounts: Sequence[Account]
    ) -> Iterator[dg.AssetMaterialization]:
        """Materialisations of the vendor's days that were read, newest first by stream."""
        for stream in vendor.streams:
            keys = (raw_key(vendor, stream), facts_key(vendor, stream))
            shown = {key: self._shown(key, (NEVER, FAILED)) for key in keys}
            having = [account for account in accounts if stream.name in account.streams]
            for day in self._read(stream, having, set().union(*shown.values())):
                report = day_metadata(self.warehouse, vendor, stream, day, [])
                for key in keys:
                    if day in shown[key]:
                        yield _materialisation(key, day, **report)

    def marts(self) -> Iterator[dg.AssetMaterialization]:
        """Materialisations of the marts' days that are up to date."""
        for name in tables():
            if failed := sorted(self._shown(mart_key(name), (FAILED,))):
                for row in self.warehouse.rows("plan/current_marts", mart=name, days=failed):
                    yield _materialisation(mart_key(name), row.call_date)

    def _shown(
        self, key: dg.AssetKey, as_one_of: Collection[AssetPartitionStatus | None]
    ) -> set[date]:
        keys = self.days.get_partition_keys()
        shown = self.instance.get_status_by_partition(key, keys, self.days) or {}
        return set(partition_days(day for day in keys if shown.get(day) in as_one_of))

    def _read(
        self, stream: AnyStream, accounts: Sequence[Account], days: Iterable[date]
    ) -> list[date]:
        now = self.warehouse.now()
        rows = self.warehouse.rows(
            "plan/read_days",
            stream=stream.name,
            parent=stream.parent,
            accounts=[account.name for account in accounts],
            starts=[account.start_date for account in accounts],
            todays=[business_day(now, account.timezone) for account in accounts],
            days=sorted(days),
        )
        return [row.call_date for row in rows]


def _materialisation(key: dg.AssetKey, day: date, **metadata: Any) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        key, partition=day.isoformat(), description=WHY, metadata=metadata
    )
