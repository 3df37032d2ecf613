"""Records as answers show them, each with its key or with the reason why it has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from resources.vendor import Page, Stream


@dataclass(slots=True)
class Sighting:
    """A record as one answer showed it. Without a key it can't be a fact; `fault` says why.

    `day` is given where neither the record nor the window says it.
    """

    record: Any
    request_id: int
    observed_at: datetime
    key: str | None = None
    fault: str = "has no key"
    day: date | None = None


def sightings(stream: Stream, page: Page, day: date) -> Iterator[Sighting]:
    """The page's records. An aggregate's key is its `day` and whom it is of.

    Two different records under one key in one answer aren't two versions: neither may hide the
    other, so the second is told as faulty.
    """
    met: dict[str, Any] = {}
    for record in page.records:
        key, fault = None, "isn't an object"
        if isinstance(record, dict):
            key, fault = stream.key(record), "has no key, or one that is too long"
        if key is not None and _differ(met.setdefault(key, record), record):
            key, fault = None, "another record of the same answer has the same key"
        if key is not None and stream.replaces:
            key = f"{day}/{key}"
        yield Sighting(record, page.request_id, page.observed_at, key, fault)


def _differ(one: Any, other: Any) -> bool:
    try:
        return one is not other and bool(one != other)
    except RecursionError:  # nested too deep to be compared
        return True
