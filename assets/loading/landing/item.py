"""A record that is to be written."""

from dataclasses import dataclass
from datetime import date, datetime

from assets.loading.landing.observation import Observation
from resources.vendor_api.vendor import Record


@dataclass(slots=True)
class Item:
    """A record on its way to the stage, and what is stored of it already."""

    key: str
    record: Record
    encoded: bytes
    digest: str
    observation: Observation
    first_seen_at: datetime
    old_date: date | None = None
    version: int = 0
    is_new_version: bool = True
    was_rejected: bool = False
    was_open: bool | None = None
    """None: not known."""
    old_faults: dict[str, str] | None = None
    was_missing_since: datetime | None = None
    call_date: date | None = None
    is_dated: bool = True
    is_open: bool = False
    rejected: bool = False
    faults: dict[str, str] | None = None
    """Fields that couldn't be read, each with the reason."""
    missing_since: datetime | None = None
    twins: tuple[str, ...] = ()
    """Digests of other states that came in the same read."""

    @property
    def writes(self) -> bool:
        """Whether it changes what analysts see, and not only was looked at again."""
        return (
            self.is_new_version
            or self.missing_since != self.was_missing_since
            or self.rejected != self.was_rejected
            or self.faults != self.old_faults
            or self.call_date != self.old_date
        )

    @property
    def has_head(self) -> bool:
        """Whether `raw.heads` is known to say all that there is to say of it."""
        return self.is_open == self.was_open and not self.writes
