"""What Vono's answers mean: a page of recordings, or a file."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

from resources.errors import (
    ContractError,
    FailedAnswerError,
    PermanentError,
    RecordError,
    ThrottledError,
    TransientError,
)
from resources.http.answer import Answer, retry_after
from resources.http.failures import is_page
from resources.http.refusals import refuse, refuse_page, unlike
from resources.http.words import Meaning
from resources.text import payload
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.values import seconds_of
from resources.vendor_api.vendor import Record

REPORT = "recording"
AUDIO_REPORT = "recording_audio"
PAGE = 100
"""`limit` in the document's examples; no maximum is documented, so no more is asked for."""
TIME = "%Y-%m-%d %H:%M:%S"
"""`calldate`: wall time."""
ENVELOPED = (200, 400, 401, 403, 404, 422)
"""Statuses whose meaning the envelope's `reason` may tell better."""
HEAD = 64 * 1024
"""So much of a file is looked at: it may be something else."""
SIZE_SLACK, SIZE_SLACK_BYTES = 0.01, 1024
"""A listed size is rounded: a file may differ by so much of it, and by so many bytes."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of recordings, and what the vendor says of the whole."""

    recordings: list[Any]
    total: int | None
    offset: int | None
    """None: where the page begins isn't said, nor the total, as nothing is beyond the last page."""
    total_time: float | None
    """Seconds of all recordings of the window together. None: it isn't said."""


def parse_listing(before: int, answer: Answer) -> tuple[Listing, int]:
    """A page of recordings; `before`: how many pages came before."""
    if _tells_of_nothing(answer, REPORT):
        return Listing([], None if before else 0, None, None), 0
    if answer.status != 200:
        raise refuse_page(answer, REPORT, lambda a: _reason(a) is not None, before=before)
    body = answer.json()
    match body:
        case {
            "error": 0,
            "data": data,
            "total_records": int(total),
            "limit": int(limit),
            "offset": int(offset),
        } if isinstance(rows := payload.listed(data), list) and 0 < limit <= PAGE:
            seconds = body.get("total_time")
            is_plain = not isinstance(seconds, str) or seconds.isdecimal()  # "1.486" is 1,486
            told = seconds_of(seconds) if is_plain else None
            of_page = body.get("records")
            if type(of_page) is int and of_page > len(rows):  # of which some didn't come
                total = max(total, offset + of_page)
            return Listing(rows, total, offset, told), len(rows)
    raise unlike(
        answer,
        REPORT,
        body,
        f"lacks `error`, `data`, `total_records`, `offset` or `limit` (1 to {PAGE})",
    )


def parse_audio(file: IO[bytes], listed: int | None, answer: Answer) -> tuple[bool, int]:
    """Whether there is a file; 404 is the document's word for none, in the vendor's own envelope or
    without a body. Its 200 is in `file`.
    """
    if _tells_of_nothing(answer, AUDIO_REPORT):
        return False, 0
    is_own = _reason(answer) is not None
    if answer.status == 404 and (is_own or not answer.body):
        return False, 0
    if answer.status != 200:
        raise refuse(answer, AUDIO_REPORT, lambda _: is_own)
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD)
    if is_page(head) or head.lstrip().startswith((b"{", b"[")):
        said = replace(answer, body=head)
        if _tells_of_nothing(said, AUDIO_REPORT):
            return False, 0
        raise FailedAnswerError(f"{AUDIO_REPORT}: the answer isn't an MP3{said.words}", head)
    if not (head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")):
        raise RecordError(f"{AUDIO_REPORT}: the answer ({size:,} bytes) isn't an MP3", head[:1000])
    if listed is not None and abs(size - listed) > listed * SIZE_SLACK + SIZE_SLACK_BYTES:
        raise RecordError(
            f"{AUDIO_REPORT}: the file has {size:,} bytes, its listing says about {listed:,}"
        )
    return True, 1


def _reason(answer: Answer) -> str | None:
    """The `reason` of the vendor's own envelope of an error; None if it isn't one."""
    try:
        body = payload.decode(answer.body)
    except ContractError:
        return None
    match body:
        case {"error": 1 | "1" | True, **rest} if not rest.get("data"):
            return str(rest.get("reason", ""))
    return None


def _tells_of_nothing(answer: Answer, report: str) -> bool:
    """Whether it says that there is nothing to list or to give. Raises what it says instead, where
    that is an error with a meaning of its own. The status may be 200 all the same.
    """
    reason = _reason(answer) if answer.status in ENVELOPED else None
    if reason is None:
        return False
    what = f"{report}: the vendor says: {answer.quoted(reason)}"
    match answer.meaning_of(reason):
        case Meaning.NOTHING if answer.status in (200, 404):
            return True
        case Meaning.PAUSE:
            raise ThrottledError(what, retry_after(answer))
        case Meaning.REFUSAL:
            raise PermanentError(what)
        case Meaning.PASSING:
            raise TransientError(what)
        case _ if answer.status == 200:
            raise ContractError(what, answer.body)
    return False


def check_asked_for(listing: Listing, start: int | None, first: datetime, last: datetime) -> None:
    """Raises ContractError for another page or another time than was asked for. `start`: None for
    the last page once more, which a server may give beyond the end of its list, and say so.
    """
    if start is not None and listing.offset not in (start, None):
        raise ContractError(
            f"{REPORT}: asked for start={start}, the vendor began at {listing.offset}"
        )
    require_inside(REPORT, listing.recordings, _start, first, last)


def _start(record: Record) -> datetime:
    return datetime.strptime(record["calldate"], TIME)  # noqa: DTZ007 - wall time


def check_time(
    said: set[tuple[int | None, float | None]], durations: dict[str | None, Any]
) -> None:
    """Raises ContractError where `total_time` isn't the time of the recordings that came, by a
    second a recording of which parts of one are told.

    Nothing is compared where totals or recordings differ from page to page (who counts the
    recordings has those read again), or where a duration is none (the mapping's to reject).
    """
    (total, told), *others = said
    seconds = [s for s in map(seconds_of, durations.values()) if s is not None]
    if others or told is None or len(seconds) != total:
        return
    if abs(told - sum(seconds)) > sum(not s.is_integer() for s in seconds):
        raise ContractError(
            f"{REPORT}: the vendor counts {told:,.0f} s in {total:,} recordings, whose durations "
            f"are {sum(seconds):,.0f} s together"
        )
