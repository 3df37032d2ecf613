"""What a window's answers showed, counted: the ground on which days are judged."""

from dataclasses import dataclass, field
from datetime import datetime

from assets.loading.sight import Sighting
from resources import payload
from resources.vendor import Page


@dataclass(slots=True)
class Part:
    """What one reading of a window or of a part of it showed."""

    seen: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    odd_records: int = 0
    totals: set[int] = field(default_factory=set)
    asked_at: datetime | None = None

    def look(self, page: Page) -> None:
        """Counts an answer."""
        self.asked_at = self.asked_at or page.observed_at
        if page.total is not None:
            self.totals.add(page.total)

    def add(self, sighting: Sighting) -> None:
        """Counts a record."""
        if sighting.key is not None:
            self.seen.add(sighting.key)
        else:
            self.odd.add(payload.digest(payload.encode(sighting.record)))
            self.odd_records += 1

    @property
    def is_whole(self) -> bool:
        """Whether as many came as the vendor counts, if it counts. What has no key may be one
        record on two pages, or two that look the same.
        """
        possible = {len(self.seen) + len(self.odd), len(self.seen) + self.odd_records}
        return not self.totals or (len(self.totals) == 1 and self.totals <= possible)


@dataclass(slots=True)
class Read:
    """What has been read of a window, over all its parts: only readings that were whole count."""

    began_at: datetime
    """Before anything was asked for, by the database's clock."""
    asked: list[datetime] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    total: int | None = None
    has_totals: bool = True
    is_doubtful: bool = False
    """Whether known records didn't come, and a limit didn't let them be asked for again."""
    requests: int = 0
    remarks: list[str] = field(default_factory=list)
    """What of the answers the note of each of the window's days tells."""

    @property
    def asked_at(self) -> datetime:
        """When the first request was granted of all that count."""
        return min(self.asked, default=self.began_at)

    def take(self, part: Part) -> None:
        """Counts a part that was whole."""
        self.asked.append(part.asked_at or self.began_at)
        # A window may be a million records: the smaller set goes into the larger one.
        small, self.seen = sorted((self.seen, part.seen), key=len)
        self.seen |= small
        self.odd |= part.odd
        self.has_totals &= bool(part.totals)
        self.total = (self.total or 0) + sum(part.totals)
