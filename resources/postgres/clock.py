"""What time it is: by the database, whose clock all hosts share; and whether this host agrees.

It is looked at once a minute, and in between this process' stopwatch goes on from there.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from resources.errors import ClockError

T = TypeVar("T")
FARTHEST = timedelta(minutes=1)
"""Between this host's clock and the database's. Dagster's ticks and partitions go by the host's."""
LOOK_AGAIN_S = 60.0
LONGEST_TRIP_S = 1.0
"""A look that takes longer says little: it is taken again,"""
LOOKS = 3
"""so many times."""
JUMP_S = 1.0
"""The host's clock and the stopwatch are apart so much: it was set, or the host has slept."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the database's clock said, and this host's clock and stopwatch at that moment."""

    told: datetime
    host: datetime
    stopwatch: float
    trip_s: float
    """How long the question took. It was answered about halfway."""

    @property
    def ahead(self) -> timedelta:
        """By how much this host's clock is ahead of the database's, at least; negative: behind."""
        difference, doubt = self.host - self.told, timedelta(seconds=self.trip_s / 2)
        return max(difference - doubt, min(difference + doubt, timedelta(0)))


class Clock:
    """The database's clock. `ask` asks it; `host` is this host's. Shared by threads."""

    def __init__(
        self, ask: Callable[[], datetime], host: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._ask = ask
        self._host = host
        self._look: Look | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The database's time, to within half a question's trip."""
        look = self._recent()
        return look.told + timedelta(seconds=time.monotonic() - look.stopwatch)

    def of(self, moment: datetime) -> datetime:
        """When that is by the database's clock, what is `moment` by this host's."""
        look = self._recent()
        return moment - (look.host - look.told)

    def require_agreement(self) -> None:
        """Raises ClockError when this host's clock is wrong by more than FARTHEST: what Dagster
        does by it would be about other days than those that are loaded.
        """
        look = self._recent()
        if abs(look.ahead) > FARTHEST:
            raise ClockError(look.host, look.told)

    def looked_at(self, question: Callable[[], T], told: Callable[[T], datetime]) -> T:
        """The answer to a question that also tells the time: that saves a look."""
        answer, look = self._measured(question, told)
        if look.trip_s <= LONGEST_TRIP_S:
            self._look = look
        return answer

    def _recent(self) -> Look:
        with self._lock:
            if self._look is None or self._is_old(self._look):
                self._look = min(self._looks(), key=lambda look: look.trip_s)
            return self._look

    def _is_old(self, look: Look) -> bool:
        passed_s = time.monotonic() - look.stopwatch
        by_host_s = (self._host() - look.host).total_seconds()
        return passed_s > LOOK_AGAIN_S or abs(by_host_s - passed_s) > JUMP_S

    def _looks(self) -> Iterator[Look]:
        for _ in range(LOOKS):
            _, look = self._measured(self._ask, lambda told: told)
            yield look
            if look.trip_s <= LONGEST_TRIP_S:
                return

    def _measured(self, question: Callable[[], T], told: Callable[[T], datetime]) -> tuple[T, Look]:
        host, started = self._host(), time.monotonic()
        answer = question()
        trip_s = time.monotonic() - started
        halfway = host + timedelta(seconds=trip_s / 2)
        return answer, Look(told(answer), halfway, started + trip_s / 2, trip_s)
