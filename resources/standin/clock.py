"""The stand-in's own time, so that a test can put the vendors at any moment of any day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time until it is set; then it stands still, and moves by `advance` alone."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._at or datetime.now(UTC) + self._ahead

    def set(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("the clock needs a time with an offset")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        if self._at is None:
            self._ahead += by
        else:
            self._at += by

    def run(self) -> None:
        """Back to real time."""
        self._at, self._ahead = None, timedelta(0)
