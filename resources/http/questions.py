"""Questions about one credential, of several threads: together where they come together."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Ask = Callable[[Sequence[str]], Sequence[Any]]
"""Asks the database: an answer for each question, decided in their order."""


@dataclass(slots=True, eq=False)
class Question:
    """What one thread asks, as JSON; in the end with its answer, or with why there is none."""

    text: str
    asked_at: float = 0.0
    """By `time.monotonic`: before the database was asked."""
    answer: Any = None
    error: BaseException | None = None


@dataclass(slots=True, eq=False)
class Questions:
    """Of all threads of a process about one credential, about which the database decides one after
    the other anyway. Who comes while others are asked for waits here, and all who have waited are
    asked for in one statement: a transaction, and its way to the disk, for all of them.
    """

    ask: Ask
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[Question] = field(default_factory=list)

    def decide(self, text: str) -> Question:
        """The question, answered. Raises what the database raises."""
        mine = Question(text)
        self._waiting.append(mine)
        with self._lock:
            if mine.answer is None and mine.error is None:
                self._ask_for_all()
        if mine.error is not None:
            raise mine.error
        return mine

    def _ask_for_all(self) -> None:
        """One of those who waited asks; whoever comes now is asked for by the next."""
        count = len(self._waiting)
        these, self._waiting[:count] = self._waiting[:count], []
        for one in these:
            one.asked_at = time.monotonic()
        try:
            answers = self.ask([one.text for one in these])
        except BaseException as error:  # noqa: BLE001 - each of them raises it
            for one in these:
                one.error = error
        else:
            for one, answer in zip(these, answers, strict=True):
                one.answer = answer
