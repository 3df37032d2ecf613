"""What every vendor's API has in common: a request taken apart, and an answer before it is bytes.

An `Answer` keeps its records apart from its envelope, and says how it travels, so that a fault
can spoil any part of it without knowing which vendor it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

Record = dict[str, Any]
JSON = "application/json"


@dataclass(frozen=True)
class Ask:
    """One request, as far as an API may look at it."""

    path: str
    """Below the tenant's base URL, without a slash in front."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base: str
    """The tenant's base URL as the caller spelled it: some vendors echo it."""
    body: bytes = b""
    """Of a POST."""


def _no_total(_: int | None) -> None:
    """Most vendors don't say how many records there are."""


@dataclass
class Answer:
    """One response, still open to faults."""

    status: int = 200
    payload: object = None
    rows: list[Any] = field(default_factory=list)
    """The records inside `payload` (the same list object)."""
    set_total: Callable[[int | None], None] = _no_total
    """Writes another total into the envelope; None takes it out."""
    body: bytes | None = None
    """Sent instead of the payload."""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    """A pause after each tenth of the body."""
    share_sent: float = 1.0
    """Below 1 the connection ends after this share of the promised body."""
    reset: bool = False
    padding: int = 0
    """White space in front of the body: a valid but monstrous answer."""
    raw: Callable[[], Iterator[bytes]] | None = None
    """Sent instead of status, headers and body, a pause of `drip_s` after each piece; then the
    connection ends."""

    def encoded(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.payload is None else orjson.dumps(self.payload)


class RefusalError(Exception):
    """Raised while an API reads its parameters: the answer to a request that it can't serve."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def no_refusal(_limit: str) -> Answer | None:
    """Most documents name limits without saying what happens beyond them: serve, and record."""
    return None


@dataclass(frozen=True)
class Api:
    """One vendor's API: what the server needs to know of it."""

    timezone: str
    reports: tuple[str, ...]
    """Names of its reports; the first is where `Tenant.put` puts records."""
    report: Callable[[Ask], str]
    key: Callable[[Record], Hashable]
    """What identifies a record of the vendor."""
    refuse: Callable[[Tenant, Ask], Answer | None]
    """The answer to a caller without the right credentials."""
    answer: Callable[[Tenant, Ask], Answer]
    day: Callable[[Record, ZoneInfo], date]
    """A record's local day. Raises whatever it likes where the record doesn't say."""
    posts: frozenset[str] = frozenset()
    """Paths at which a POST only reads."""
    over_limit: Callable[[str], Answer | None] = no_refusal
    """The answer when a limit is broken; None serves the request all the same."""
