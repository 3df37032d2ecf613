"""Which dates a call can have: neither long ago, nor ahead of when the vendor showed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)
"""A call further ahead than this, or before EARLIEST, is a broken date, not a call."""
_shown_at: ContextVar[datetime | None] = ContextVar("shown_at", default=None)


@contextmanager
def shown_at(moment: datetime) -> Iterator[None]:
    """Within the block mappings take dates after the moment for the future: when the vendor showed
    the records, by the database's clock. Outside, where nothing is loaded, it is this host's now.
    """
    before = _shown_at.set(moment)
    try:
        yield
    finally:
        _shown_at.reset(before)


def latest() -> datetime:
    """The last moment, in UTC, at which a call can have begun."""
    return (_shown_at.get() or datetime.now(UTC)).astimezone(UTC) + AHEAD
