"""A vendor's answer, and what its headers say of time: when to ask again, how old it is."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TypeVar

from resources.errors import ContractError, FailedAnswerError, ThrottledError, TransientError
from resources.http import failures, more, words
from resources.http.permits import Permit
from resources.http.words import Meaning
from resources.text import foreign_text, payload
from resources.text.payload import Body, Json
from resources.text.redact import Redactor

T = TypeVar("T")
PAUSES = {429, 503}
"""Statuses that ask for a pause, also without a Retry-After."""
LONGEST_PAUSE_S = 86_400
"""Whatever a Retry-After says: a day later the vendor is asked again."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""A vendor's clock may be so far behind."""
WRONG_CLOCK = timedelta(days=366)
"""So far behind is no answer that was kept, but a clock that nobody has set."""
KEPT_OF_A_BODY = 64 * 1024
_NUMBER = re.compile(r"\+?\d+(\.\d*)?")
_SEPARATOR = re.compile(r"(?<!Mon)(?<!Tue)(?<!Wed)(?<!Thu)(?<!Fri)(?<!Sat)(?<!Sun)(?<!day),")
"""Between several values: no comma within a date."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer, read whole, and the permit under which it was asked."""

    status: int
    headers: Mapping[str, str]
    body: Body
    permit: Permit
    redactor: Redactor = field(default_factory=lambda: Redactor(()))

    def json(self, but: Collection[str] = (), *, in_pieces: str | None = None) -> Json:
        """The body as JSON. Raises ContractError when it isn't, and FailedAnswerError when it is a
        page or, though the status is 200, says that the request failed; ThrottledError where it
        says instead that too much was asked. `but`: names in the envelope that the caller reads
        itself. `in_pieces`: the name of the records, which may come as a LongList.
        """
        body = self.body
        try:
            if failures.is_page(body):
                raise FailedAnswerError(f"the answer isn't JSON ({self._page})", body)
            value = payload.decode_in_pieces(body, in_pieces) if in_pieces else payload.decode(body)
        except ContractError:
            is_cut = body.lstrip()[:1] in (b"{", b"[")  # whose words are records'
            if not is_cut and self.asks_for_pause:
                raise ThrottledError(f"the vendor asks for a pause{self.words}") from None
            raise
        outcome = self.permit.outcome
        outcome.more = more.in_envelope(value, outcome.more)
        if self.status == 200:
            self.check(value, but)
            doubts = failures.doubts_in(value, self.redactor.text)
            outcome.doubts = frozenset(map(_without_numbers, doubts))
        return value

    def check(self, value: Json, but: Collection[str] = ()) -> None:
        """Raises FailedAnswerError where its envelope says that the request failed, ThrottledError
        where that is for too many requests. `but`: names that the caller reads itself.
        """
        if failure := failures.failure_in(value, but):
            if self.meaning_of(failure) is Meaning.PAUSE:
                raise ThrottledError(f"the vendor asks for a pause ({self.quoted(failure)})")
            raise FailedAnswerError(
                f"the vendor says that the request failed ({self.quoted(failure)})", self.body
            )

    @property
    def words(self) -> str:
        """What it says to people, for the end of a sentence: short, redacted; '' if nothing."""
        if failures.is_page(self.body):
            return f": {self._page}"
        try:
            told = ", ".join(failures.messages_in(payload.decode(self.body)))
        except ContractError:
            told = self.body[:KEPT_OF_A_BODY].decode("utf-8", "replace").strip()
        return f": {self.quoted(told)}" if told else ""

    @property
    def asks_for_pause(self) -> bool:
        """Whether its words say that too much was asked, whatever its status is."""
        return self.meaning_of(self.words) is Meaning.PAUSE

    @property
    def doubts(self) -> list[str]:
        """What in its envelope may be why it is empty; nothing where there is no envelope."""
        try:
            return failures.doubts_in(payload.decode(self.body), self.redactor.text)
        except ContractError:
            return []

    def meaning_of(self, message: str) -> Meaning:
        """What its words mean, without the credentials that it may echo: `key` may be in a key."""
        return words.meaning_of(self.redactor.text(message))

    def quoted(self, text: str) -> str:
        """“…”: `text` in one line, redacted, then cut: half a secret couldn't be found."""
        return foreign_text.quoted(self.redactor.text(text))

    @property
    def _page(self) -> str:
        title = failures.page_title(self.body)
        return f"HTML, {self.quoted(title)}" if title else "HTML"


Parse = Callable[[Answer], tuple[T, int]]
"""Reads an answer: what it says, and how many records it holds. Raises the errors of
`resources.errors`; statuses that a vendor doesn't give a meaning of its own go to `refuse`."""


def pause_when_used_up(answer: Answer, remaining: str, reset: str) -> None:
    """Where the header `remaining` says that no request is left, everybody who uses the credential
    pauses until `reset`: seconds since 1970, or from now on.
    """
    left, at = (answer.headers.get(name, "").strip() for name in (remaining, reset))
    if not (left.isdecimal() and at.isdecimal()) or left.strip("0"):
        return
    seconds = float(at)
    if seconds > LONGEST_PAUSE_S:
        now = _moment(answer.headers.get("date", "")) or answer.permit.now
        seconds -= now.timestamp()
    if seconds > 0:
        answer.permit.outcome.hold = timedelta(seconds=min(seconds, LONGEST_PAUSE_S))


def retry_after(answer: Answer) -> timedelta | None:
    """What its Retry-After says: see `pause_in`."""
    return pause_in(answer.headers, answer.permit.now)


def pause_in(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What Retry-After says, in seconds or as a date, in whole seconds; the longest of several, as
    where a proxy adds its own. None when absent, unreadable, zero or gone by: how long to wait is
    ours to say then.

    A date is seen from the answer's own, where it has one: our clock may differ from the vendor's.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    now = _moment(headers.get("date", "")) or now
    seconds = max(_seconds(part.strip(), now) for part in _SEPARATOR.split(value))
    return timedelta(seconds=math.ceil(min(seconds, LONGEST_PAUSE_S))) if seconds > 0 else None


def _seconds(value: str, now: datetime) -> float:
    if _NUMBER.fullmatch(value):
        return float(value)
    moment = _moment(value)
    return (moment - now).total_seconds() if moment else 0.0


def check_ready(answer: Answer, usual: Collection[str] = ()) -> None:
    """Raises TransientError where an answer without records says that its server isn't well: its
    headers ask for a pause or warn (RFC 7234, 5.5), or something beside its empty list may be the
    reason why it is empty, and isn't `usual`: it didn't stand beside records, either.
    """
    if retry_after(answer):
        raise TransientError(
            "the answer is empty, and its Retry-After asks for a pause: the vendor isn't ready"
        )
    if answer.status not in (200, 204):
        return  # whoever takes another status for an empty list has read its sentence
    if warning := answer.headers.get("warning"):
        raise TransientError(
            f"the answer is empty, and its headers warn ({answer.quoted(warning)}): the vendor "
            "isn't ready"
        )
    for doubt in answer.doubts:
        if _without_numbers(doubt) not in usual:
            raise TransientError(
                f"the answer is empty, and this may be why: {answer.quoted(doubt)}"
            )


def _without_numbers(text: str) -> str:
    """What stays the same where the text counts something."""
    return re.sub(r"\d+", "", text)


def age(answer: Answer) -> timedelta:
    """How long ago the answer was made, by its own headers: a cache in between may give one that it
    has kept. `Age` says it (RFC 9111, 5.1); else a `Date` that is far behind the database's
    clock, but not as far as only a wrong clock is.
    """
    told = answer.headers.get("age", "").split(",")[0].strip()
    kept_s = float(told) if told.isdecimal() else 0.0
    if made_at := _moment(answer.headers.get("date", "")):
        behind = answer.permit.now - made_at
        if CLOCKS_DIFFER < behind < WRONG_CLOCK:
            kept_s = max(kept_s, behind.total_seconds())
    return timedelta(seconds=min(kept_s, WRONG_CLOCK.total_seconds()))


@lru_cache(maxsize=64)
def _moment(value: str) -> datetime | None:
    """An HTTP date; without a zone it is UTC. Many answers have the same one."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
