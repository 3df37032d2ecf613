"""What one run over a vendor's streams is about, as Dagster asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from assets.keys import facts_key, raw_key
from assets.partitions import partition_days
from assets.resource import KIND_TAG, POLL
from resources.postgres.warehouse import Warehouse
from resources.vendor_api.vendor import AnyStream, Vendor


@dataclass(frozen=True)
class RunScope:
    """The streams of the vendor that the run may be about, and which of them it reads."""

    context: dg.AssetExecutionContext
    warehouse: Warehouse
    vendor: Vendor
    streams: Sequence[AnyStream]

    @property
    def run_id(self) -> str:
        """Dagster's id of the run."""
        return self.context.run.run_id

    @property
    def is_poll(self) -> bool:
        """Whether the schedule started it: it loads what is due, whatever its partitions."""
        return self.context.run.tags.get(KIND_TAG) == POLL

    @property
    def days(self) -> list[date]:
        """The business days of its partitions."""
        return partition_days(self.context.partition_keys)

    @property
    def read(self) -> list[AnyStream]:
        """The streams that are read from the vendor."""
        return [stream for stream in self.streams if self._selects(raw_key(self.vendor, stream))]

    @property
    def rebuilt(self) -> list[AnyStream]:
        """The streams whose facts are rebuilt from raw."""
        facts = [s for s in self.streams if self._selects(facts_key(self.vendor, s))]
        return [stream for stream in facts if stream not in self.read]

    @property
    def loads(self) -> bool:
        """Whether there is anything to load; not where checks alone are executed."""
        return self.is_poll or bool(self.read or self.rebuilt)

    def keys(self, stream: AnyStream) -> list[dg.AssetKey]:
        """The stream's assets that the run is about."""
        keys = (raw_key(self.vendor, stream), facts_key(self.vendor, stream))
        return [key for key in keys if self._selects(key)]

    def _selects(self, key: dg.AssetKey) -> bool:
        return key in self.context.selected_asset_keys
