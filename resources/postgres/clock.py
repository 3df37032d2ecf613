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
"""A measurement that takes longer says little, and is repeated."""
MEASUREMENTS = 3
"""How many there are at most."""
JUMP_S = 1.0
"""The host's clock and the stopwatch are apart so much: it was set, or the host has slept."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The database's clock, and this host's clock and stopwatch at the same moment."""

    database: datetime
    host: datetime
    stopwatch: float
    trip_s: float
    """How long the question took. It was answered about halfway."""

    @property
    def ahead(self) -> timedelta:
        """By how much this host's clock is ahead of the database's, at least; negative: behind."""
        difference, doubt = self.host - self.database, timedelta(seconds=self.trip_s / 2)
        return max(difference - doubt, min(difference + doubt, timedelta(0)))


class Clock:
    """The database's clock. `ask` asks it; `host` is this host's. Shared by threads."""

    def __init__(
        self, ask: Callable[[], datetime], host: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._ask = ask
        self._host = host
        self._last: Measurement | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The database's time, to within half a question's trip."""
        last = self._recent()
        return last.database + timedelta(seconds=time.monotonic() - last.stopwatch)

    def of(self, moment: datetime) -> datetime:
        """When that is by the database's clock, what is `moment` by this host's: the same, as far
        as the measurement can't tell them apart.
        """
        return moment - self._recent().ahead

    def require_agreement(self) -> None:
        """Raises ClockError when this host's clock is wrong by more than FARTHEST: what Dagster
        does by it would be about other days than those that are loaded.
        """
        last = self._recent()
        if abs(last.ahead) > FARTHEST:
            raise ClockError(last.host, last.database)

    def fault(self) -> str | None:
        """The same as a sentence; None where the clocks agree."""
        try:
            self.require_agreement()
        except ClockError as error:
            return str(error)
        return None

    def measure(self, question: Callable[[], T], time_in: Callable[[T], datetime]) -> T:
        """The answer to a question that also has the time in it: that saves a measurement."""
        answer, measurement = self._measured(question, time_in)
        if measurement.trip_s <= LONGEST_TRIP_S:
            self._last = measurement
        return answer

    def _recent(self) -> Measurement:
        with self._lock:
            if self._last is None or self._is_old(self._last):
                self._last = min(self._measurements(), key=lambda one: one.trip_s)
            return self._last

    def _is_old(self, last: Measurement) -> bool:
        passed_s = time.monotonic() - last.stopwatch
        by_host_s = (self._host() - last.host).total_seconds()
        return passed_s > LOOK_AGAIN_S or abs(by_host_s - passed_s) > JUMP_S

    def _measurements(self) -> Iterator[Measurement]:
        for _ in range(MEASUREMENTS):
            _, measurement = self._measured(self._ask, lambda time: time)
            yield measurement
            if measurement.trip_s <= LONGEST_TRIP_S:
                return

    def _measured(
        self, question: Callable[[], T], time_in: Callable[[T], datetime]
    ) -> tuple[T, Measurement]:
        host, started = self._host(), time.monotonic()
        answer = question()
        trip_s = time.monotonic() - started
        halfway = host + timedelta(seconds=trip_s / 2)
        return answer, Measurement(time_in(answer), halfway, started + trip_s / 2, trip_s)
