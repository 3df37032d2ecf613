"""Records as answers show them, each with its key or with the reason why it has none."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from assets.loading.landing.identity import identity, redacted
from resources.errors import FailedAnswerError
from resources.http.failures import failure_in
from resources.text import foreign_text, payload
from resources.vendor_api.vendor import Page, Stream


@dataclass(slots=True)
class Observation:
    """A record as one answer showed it. Without a key it can't be a fact; `fault` says why.

    `day` is given where neither the record nor the window says it.
    """

    record: Any
    request_id: int
    observed_at: datetime
    key: str | None = None
    fault: str = "has no key"
    day: date | None = None
    is_namesake: bool = False
    """It has no key here, as another record of the same answer has it."""
    came_before: bool = False
    """Another answer of the same read had its key."""
    twins: tuple[str, ...] | None = None
    """Digests of the record's other states, once it is decided that this one counts."""


def observations(stream: Stream, page: Page, day: date) -> Iterator[Observation]:
    """The page's records. An aggregate's key is its `day` and the key in its record.

    Two different records under one key in one answer aren't two versions: neither may hide the
    other. One of them counts, whatever their order, and the others are rejected. Raises
    FailedAnswerError where all that stands in place of records are words of a failure.
    """
    keys = page.keys
    if keys is None:
        keys = [stream.key(record) if isinstance(record, dict) else None for record in page.records]
    if page.records and not any(keys):
        _check_are_records(page.records)
    counts, replaces = _that_count(stream, page.records, keys), stream.replaces
    request, moment = page.request_id, page.observed_at
    for record, key in zip(page.records, keys, strict=True):
        if key is not None and key not in counts:  # nearly always
            yield Observation(record, request, moment, f"{day}/{key}" if replaces else key)
            continue
        observation = Observation(record, request, moment)
        if not isinstance(record, dict):
            observation.fault = "isn't an object"
        elif key is None:
            observation.fault = "has no key, or one that is too long"
        elif key in counts and counts[key] != _identity(stream, record):
            observation.fault = "another record of the same answer has the same key"
            observation.is_namesake = True
        else:
            observation.key = f"{day}/{key}" if replaces else key
        yield observation


def _check_are_records(records: Collection[Any]) -> None:
    told = [failure_in(one if isinstance(one, dict) else {"message": one}) for one in records]
    if all(told):
        said = foreign_text.without_numbers(foreign_text.quoted(told[0]))
        raise FailedAnswerError(f"where records should be, the vendor tells of a failure ({said})")


def _that_count(
    stream: Stream, records: Collection[Any], keys: list[str | None]
) -> dict[str, bytes]:
    """Of the keys that several records have, what tells the one that counts: its bytes, which are
    the first in their order.
    """
    found: dict[str, bytes] = {}
    if len(set(keys)) == len(keys):
        return found
    shared = {key for key, number in Counter(filter(None, keys)).items() if number > 1}
    for record, key in zip(records, keys, strict=True):
        if key in shared:
            assert key
            state = _identity(stream, record)
            found[key] = min(found.get(key, state), state)
    return found


def _identity(stream: Stream, record: Any) -> bytes:
    plain = redacted(stream, record)
    return identity(stream, plain, payload.encode(plain))
