"""What became of one account's stream in one run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from assets.loading.tally import Tally


@dataclass(slots=True)
class Result:
    """Filled in while the run goes on, from several threads (`Attempts` sees to it)."""

    account: str
    stream: str
    tally: Tally = field(default_factory=Tally)
    days: set[date] = field(default_factory=set)
    """Days read in full, or on which something changed."""
    read: set[date] = field(default_factory=set)
    """Days read (or rebuilt) in full: the run is done with them."""
    failed_days: set[date] = field(default_factory=set)
    error: str | None = None
    deferred_until: datetime | None = None
    stopped: bool = False
    trouble: dict[date, tuple[str, str]] = field(default_factory=dict)
    """What kept a day from being read in full: failed, deferred or stopped, and why."""

    @property
    def state(self) -> str:
        """ok, failed, deferred (a limit says when to go on) or stopped (credentials refused)."""
        if self.stopped:
            return "stopped"
        if self.error:
            return "failed"
        return "deferred" if self.deferred_until else "ok"


Watch = Callable[[Result], None]
"""Is shown a result whenever something has been added to it, from any thread."""
