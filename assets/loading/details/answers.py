"""What came of asking for some details: which are of no use, and whether others need be asked."""

import threading
from dataclasses import dataclass, field

from resources.errors import (
    CallhouseError,
    CutShortError,
    DeferredError,
    DoubtfulRefusalError,
    PermanentError,
    RecordError,
    ThrottledError,
    TimedOutError,
    WindowTooLargeError,
)
from resources.vendor_api.vendor import Page, Parent

OF_THE_ACCOUNT = (DeferredError, ThrottledError)
"""Errors that say nothing of a record."""
REFUSALS = (PermanentError, DoubtfulRefusalError)
"""Errors of the account, or of one record alone: the other answers tell which."""
OF_THE_RECORD = (PermanentError, RecordError, CutShortError, WindowTooLargeError)
"""Errors of one record's answer, except a time-out. They are counted: after some of them it isn't
asked for again."""


@dataclass(slots=True)
class Answers:
    """What came of asking for some details, in several threads."""

    most_in_a_row: int
    """After so many useless answers in a row nothing more is asked for. 1: it is a probe."""
    pages: list[tuple[Parent, Page]] = field(default_factory=list)
    useless: list[tuple[Parent, CallhouseError]] = field(default_factory=list)
    """By a fault of the record's own: asked for again, not for ever, at growing intervals."""
    broken: list[tuple[Parent, CallhouseError]] = field(default_factory=list)
    """By no fault of the record's: asked for again later."""
    refused: list[tuple[Parent, CallhouseError]] = field(default_factory=list)
    """Where no good answer says that the account isn't: asked for again by the next poll."""
    error: CallhouseError | None = None
    """What stands in the way of all others too: nothing more is asked."""
    _in_a_row: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> int:
        """How many were asked for."""
        return len(self.pages) + len(self.useless) + len(self.broken) + len(self.refused)

    def add(self, parent: Parent, answer: Page | CallhouseError) -> None:
        """Counts what came of one."""
        with self._lock:
            if isinstance(answer, Page):
                self._in_a_row = 0
                self.pages.append((parent, answer))
            elif isinstance(answer, OF_THE_ACCOUNT):
                self.error = self.error or answer
            elif isinstance(answer, REFUSALS) and not self.pages and not parent.failures:
                self.refused.append((parent, answer))
                self.error = self.error or answer
            else:
                self._put_aside(parent, answer)

    def settle(self) -> None:
        """Once nothing is under way any more: a refusal among good answers is of that record,
        whichever came first.
        """
        if self.pages and self.refused:
            if isinstance(self.error, REFUSALS):
                self.error = None
            while self.refused:
                self._put_aside(*self.refused.pop())

    def _put_aside(self, parent: Parent, error: CallhouseError) -> None:
        is_useless = isinstance(error, OF_THE_RECORD) and not isinstance(error, TimedOutError)
        (self.useless if is_useless else self.broken).append((parent, error))
        # What is wrong with records only says nothing of others; a probe asks for one anyway.
        if isinstance(error, PermanentError) or not is_useless or self.most_in_a_row == 1:
            self._in_a_row += 1
        if self._in_a_row >= self.most_in_a_row:
            self.error = self.error or error
