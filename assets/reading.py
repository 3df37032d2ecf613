"""What a window's answers showed, counted: the ground on which days are judged."""

from dataclasses import dataclass, field
from datetime import datetime

from assets.sight import Sighting
from resources import payload


@dataclass(slots=True)
class Part:
    """What one reading of a window or of a part of it showed."""

    seen: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    odd_records: int = 0
    totals: set[int] = field(default_factory=set)

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

    asked_at: datetime
    """Before the first of its requests was granted, by the database's clock."""
    seen: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    total: int | None = None
    has_totals: bool = True
    is_doubtful: bool = False
    """Whether records that are known didn't come, and a limit didn't let them be asked for again."""
    requests: int = 0

    def take(self, part: Part) -> None:
        """Counts a part that was whole."""
        self.seen |= part.seen
        self.odd |= part.odd
        self.has_totals &= bool(part.totals)
        self.total = (self.total or 0) + sum(part.totals)
