"""A full read of whole days: what it shows of each, what it lacks, what can't be counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """A day's figures, as `load/refresh_days` counts them, and its state until now."""

    state: str
    is_first: bool
    raw_records: int
    facts: int
    rejects: int
    bad: int
    """Rejects that the vendor still has."""
    open_records: int
    unkeyed: int
    attempts: int
    """Reads in a row that failed, or that lacked the same and weren't believed."""
    lacking: str | None = None
    """Digest of what the last of those lacked."""
    rejected: str | None = None
    """Digest of the open rejects."""
    last_rejected: str | None = None
    """What a full read left of that, and how many reads in a row did."""
    same_rejects: int = 0
    was_complete: bool = False
    """It was, and nothing has changed since."""
    same_since: datetime | None = None
    """Since when full reads have shown that it is empty, or the same totals; else when it ended.
    None: there was no full read, or records have come since.
    """
    suppressed: int = 0
    missing: int = 0
    """Of `raw_records`: the vendor has them no longer."""

    @property
    def shown(self) -> int:
        """Records with a key that the vendor has of the day, as far as is known here."""
        return self.raw_records - self.missing + self.suppressed

    @property
    def is_empty(self) -> bool:
        """Whether nothing has ever come of the day."""
        return not self.raw_records + self.unkeyed + self.suppressed


@dataclass(frozen=True, slots=True)
class Doubt:
    """A full read lacks known records of a day, and isn't believed yet."""

    digest: str
    """Of their keys."""
    lacking: int
    shown: int
    """Records that came and were known before."""
    known: int
    """All that were."""
    is_silent: bool = False
    """Nothing at all came."""
    since: date | None = None
    """The account's day on which so little came first; None: it is plausible, but one answer alone
    may have been cut short.
    """


@dataclass(frozen=True, slots=True)
class FullRead:
    """What a full read was: when it was asked, up to when, and what of it can't be counted."""

    read_at: datetime
    end: datetime
    rejected: int = 0
    """Records of the answers that are no facts, whatever day they count in."""
    several_days: bool = False
    undated: int = 0
    """Records of the answers that don't say their day."""
    disturbed: frozenset[date] = frozenset()
    """Days with records that the answers don't show, and that they can't be said to lack: they
    came meanwhile by another read, or a limit kept them from being asked for once more.
    """
    is_overtaken: bool = False
    """Whether a newer answer, of another window, had shown some of its records in another state:
    what of them it shows wasn't written, on whatever day they are now.
    """
    remarks: tuple[str, ...] = ()
    """What the note says beside the reason for the state."""
    doubts: Mapping[date, Doubt] = field(default_factory=dict)
    """Days of which it lacks known records, and isn't believed."""
    confirmed: frozenset[date] = frozenset()
    """Days of which it lacks records as another read did, or as an operator said."""
    changed: frozenset[date] = frozenset()
    """Days whose totals it changed: a report that isn't ready shows the same agents with less."""
    asked_at: datetime | None = None
    """When the first of the answers was asked for, by the database's clock."""
    made_at: datetime | None = None
    """When the oldest of the answers was made, by its own headers."""
    vendor_total: int | None = None
    """How many records the vendor counts, of a read of one day."""
    repeats: int = 0
    """Repeats that it counts, too."""
    joined: frozenset[date] = frozenset()
    """Days that were asked for only together with others."""
    silent: frozenset[date] = frozenset()
    """Those of `joined` of which nothing came, and those beside them: of a window of several days
    a server may give only a part.
    """
