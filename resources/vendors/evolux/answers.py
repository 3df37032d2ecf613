"""What Evolux's answers mean: a page of calls, or the detail of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from resources.errors import ContractError, FailedAnswerError, RecordError, VendorError
from resources.http.answer import Answer
from resources.http.refusals import refuse, refuse_page, unlike
from resources.text import payload
from resources.text.payload import Json
from resources.vendor_api.vendor import Parent, Record
from resources.windows import Window

CALLS_REPORT = "studio_calls"
DETAIL_REPORT = "studio_calls_cdr"
PAGE = 50
"""`limit`: default and maximum."""
SAME_CALL = timedelta(hours=1)
"""A detail's start and its call's are one instant; more than this apart they are two calls'."""
SHOWN = "%Y-%m-%d %H:%M UTC"
HTTP_STATUSES = range(100, 600)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of calls, and what the vendor says of the whole."""

    calls: list[Any]
    total: int
    current_url: str | None


def parse_listing(before: int, answer: Answer) -> tuple[Listing, int]:
    """A page of calls; `before`: how many pages came before."""
    _, body = _body(answer, CALLS_REPORT, refused=partial(refuse_page, before=before))
    match body:
        case {
            "data": data,
            "pagination": {
                "total": int(total),
                "limit": int(limit),
                "current_url": (str() | None) as url,
            },
        } if isinstance(calls := payload.listed(data), list) and 0 < limit <= PAGE:
            return Listing(calls, total, url), len(calls)
    raise unlike(
        answer,
        CALLS_REPORT,
        body,
        f"lacks `data`, or `total`, `limit` (1 to {PAGE}) or `current_url` of its `pagination`",
    )


def parse_detail(answer: Answer) -> tuple[list[Any], int]:
    """The vendor's own 404 alone says that there is no detail (yet). A broken body isn't kept, nor
    quoted: secrets in it couldn't be found and masked.
    """
    try:
        status, body = _body(answer, DETAIL_REPORT, 404)
    except FailedAnswerError as error:
        raise FailedAnswerError(f"{DETAIL_REPORT}: {error}") from None
    except ContractError as error:
        kind = RecordError if answer.status == 200 else ContractError
        raise kind(f"{DETAIL_REPORT}: {error} (HTTP {answer.status})") from None
    match body:
        case _ if status == 404:
            return [], 0
        case {"data": dict(detail)}:
            return [detail], 1
    raise RecordError(f"{DETAIL_REPORT}: the answer isn't the JSON that the document shows")


def _body(
    answer: Answer, report: str, *also: int, refused: Callable[..., VendorError] = refuse
) -> tuple[int, Json]:
    """Status and body. HTTP's status and the body's `meta.status` must both be 200, or `also`;
    `refused` says what another one means.
    """
    if answer.status not in (200, *also):
        raise refused(answer, report, _has_status)
    body = answer.json(but=("meta",))
    said = _said(body)
    if said is None:
        raise unlike(answer, report, body, "has no HTTP status in `meta.status`")
    status = said if answer.status == 200 else answer.status
    if status not in (200, *also):
        raise refused(replace(answer, status=status), report, _has_status)
    if status == 200:
        answer.check(body)
    return status, body


def _said(body: Json) -> int | None:
    """`meta.status`: every answer of the vendor's has it, its document's 404 too."""
    match body:
        case {"meta": {"status": int(said)}} if said in HTTP_STATUSES:
            return said
    return None


def _has_status(answer: Answer) -> bool:
    try:
        return _said(answer.json(but=("meta",))) is not None
    except ContractError:
        return False


def check_same_call(detail: Record, parent: Parent) -> None:
    """Raises RecordError for the detail of a call that began at another time."""
    entered = detail.get("enter_time_epoch")
    if isinstance(entered, int | str) and str(entered).isdecimal() and len(str(entered)) <= 10:
        began = datetime.fromtimestamp(int(entered), UTC)
        if entered not in (0, "0") and abs(began - parent.started_at) > SAME_CALL:
            raise RecordError(
                f"{DETAIL_REPORT}: asked for the detail of a call of {parent.started_at:{SHOWN}}, "
                f"got that of one of {began:{SHOWN}}"
            )


def check_echo(current_url: str | None, asked: Mapping[str, str]) -> None:
    """Raises ContractError when the vendor says that it read other parameters than were sent."""
    echoed = dict(parse_qsl(urlsplit(current_url or "").query))
    for name, value in asked.items():
        echo = echoed.get(name)
        if echo != value and (_instant(echo) is None or _instant(echo) != _instant(value)):
            raise ContractError(
                f"{CALLS_REPORT}: asked for {name}={value}, the vendor read {echo or 'nothing'}"
            )


def start_of_call(call: Record) -> datetime | None:
    """What the dates that are asked for mean: our assumption, which is checked."""
    return _instant(call["start_time"])


def count_at_end(calls: list[Any], window: Window) -> int:
    """How many calls began as the window was over: a server may round its end up."""
    starts = [_instant(call.get("start_time")) for call in calls if isinstance(call, dict)]
    return starts.count(window.end)


def _instant(text: Any) -> datetime | None:
    """None where the text is broken: a record's is the mapping's to reject."""
    try:
        instant = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
