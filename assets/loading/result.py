"""What became of records, and of one account's stream in one run: figures, no record's data."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(slots=True)
class Figures:
    """What was asked and read of a business day, and what became of it."""

    requests: int = 0
    """Answers; one for several days counts for the last of them."""
    records: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    rejected: int = 0

    def add(self, other: "Figures") -> None:
        """Adds another's figures to these."""
        self.requests += other.requests
        self.records += other.records
        self.new += other.new
        self.changed += other.changed
        self.missing += other.missing
        self.rejected += other.rejected


@dataclass(slots=True)
class StateSum:
    """How many records landed, and the sum of hashes of their keys and states: whatever their
    order, others have another one. What comes on two pages is in it once.
    """

    records: int = 0
    hashes: Decimal = Decimal(0)

    def add(self, other: "StateSum") -> None:
        """Adds another's to this one."""
        self.records += other.records
        self.hashes += other.hashes


@dataclass(slots=True)
class Growth:
    """Records of a business day that are all new."""

    raw_records: int = 0
    facts: int = 0
    open_records: int = 0


@dataclass(slots=True)
class Loaded:
    """What became of records, by business day; adds up over batches, windows and accounts."""

    by_day: defaultdict[date, Figures] = field(default_factory=lambda: defaultdict(Figures))
    days: set[date] = field(default_factory=set)
    """Days on which something was written."""
    states: StateSum = field(default_factory=StateSum)
    """Of all that has a key, changed or not."""
    grown: dict[date, Growth] = field(default_factory=dict)
    """Of one batch: those of `days` that only got new records. It doesn't add up."""
    turned: set[date] = field(default_factory=set)
    """Days whose state in `ops.days` changed."""
    reasons: dict[str, int] = field(default_factory=dict)
    accepted: bool = False
    """Whether the vendor answered a request: it takes the credential."""
    new_fields: set[str] = field(default_factory=set)
    """Fields and values that no mapping knows."""

    @property
    def total(self) -> Figures:
        """The figures of all days."""
        total = Figures()
        for figures in self.by_day.values():
            total.add(figures)
        return total

    def reject(self, day: date, name: str, reason: str) -> None:
        """Counts a reject."""
        self.by_day[day].rejected += 1
        sentence = f"{name}: {reason}"
        self.reasons[sentence] = self.reasons.get(sentence, 0) + 1

    def add(self, other: "Loaded") -> None:
        """Adds another's figures to these."""
        for day, figures in other.by_day.items():
            self.by_day[day].add(figures)
        self.days |= other.days
        self.states.add(other.states)
        self.accepted |= other.accepted
        self.turned |= other.turned
        self.new_fields |= other.new_fields
        for reason, count in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count


@dataclass(slots=True)
class Result:
    """Filled in while the run goes on, from several threads (`StreamRun` sees to it)."""

    account: str
    stream: str
    loaded: Loaded = field(default_factory=Loaded)
    days: set[date] = field(default_factory=set)
    """Days read in full, or on which something changed."""
    read: set[date] = field(default_factory=set)
    """Days read (or rebuilt) in full: the run is done with them."""
    failed_days: set[date] = field(default_factory=set)
    error: str | None = None
    deferred_until: datetime | None = None
    stopped: bool = False
    trouble: dict[date, tuple[str, str]] = field(default_factory=dict)
    """What kept a day from being read in full, and why: failed, deferred or stopped, or unread, as
    what it has details of; or from being rebuilt: kept.
    """

    @property
    def state(self) -> str:
        """ok, failed, deferred (a limit says when to go on) or stopped (credentials refused)."""
        if self.stopped:
            return "stopped"
        if self.error:
            return "failed"
        return "deferred" if self.deferred_until else "ok"
