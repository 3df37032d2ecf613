"""Which dates a call can have: neither long ago, nor ahead of when the vendor showed it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from resources.vendor_api.series import Column

EARLIEST = np.datetime64("2000-01-01")
"""In UTC."""
AHEAD = timedelta(days=2)
"""A call further ahead than this, or before EARLIEST, is a broken date, not a call."""
OFFSET = re.compile(r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)\s*$")
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


def are_broken(moments: Any) -> Any:
    """Which of an array's moments, in UTC, no call can have."""
    latest = (_shown_at.get() or datetime.now(UTC)).astimezone(UTC) + AHEAD
    return (moments < EARLIEST) | (moments > np.datetime64(latest.replace(tzinfo=None)))


def ends_with_offset(texts: Column) -> Column:
    """Which texts of dates and times say their offset from UTC."""
    return pd.Series([text is not None and OFFSET.search(text) is not None for text in texts])
