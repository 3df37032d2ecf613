"""Evolux Studio: calls through IVR flows, and the steps that each of them took.

The vendor's document shows the dates only inside its own pagination URLs, so they are sent and
then looked for in the answer. Its values of `exit_reason` and `who_hangup` are those of its
samples; others are told as new. Its samples aren't valid JSON; the server's answers must be.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from resources.account import Account, Limits
from resources.errors import ContractError, FailedAnswerError, RecordError, VendorError
from resources.http.answer import Answer
from resources.http.auth import HeaderToken
from resources.http.refusals import refuse, refuse_page, unlike
from resources.text import payload
from resources.text.payload import Json, listed
from resources.text.redact import mask_requests
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import DetailStream, Facts, Page, Parent, Record, Stream, Vendor
from resources.windows import TICK, Window
from sql.vocabulary import Direction, Disposition, EndedBy, Grain, Tells

DOCUMENT = "API - Relatório - Histórico de Chamadas - Studio"
PATH = "api/v1/studio/calls"
CALLS_REPORT = "studio_calls"
DETAIL_REPORT = "studio_calls_cdr"
AUTH = HeaderToken("token")
PAGE = 50
"""`limit`: default and maximum."""
KEY = key_of("id")
WRITTEN_WITHIN = timedelta(hours=1)
"""How long after a call's start its steps may still be missing from its detail."""
SAME_CALL = timedelta(hours=1)
"""A detail's start and its call's are one instant; more than this apart they are two calls'."""
SHOWN = "%Y-%m-%d %H:%M UTC"

DISPOSITIONS = {"transfer": Disposition.TRANSFERRED, "hangup": Disposition.IVR_CONTAINED}
ENDED_BY = {
    "system": EndedBy.SYSTEM,
    "caller": EndedBy.CUSTOMER,
    "customer": EndedBy.CUSTOMER,
    "agent": EndedBy.AGENT,
}
"""The document shows `system` alone; the rest is assumed, and checked as any new value is."""
OWN_END = "hangup_task"
"""The `system_hangup_reason` of a flow that reached a hang-up of its own."""

DETAIL_FIELDS = (
    "call_flow_id", "call_flow_name", "call_flow_version", "call_uuid", "caller_id_name",
    "caller_id_number", "destination_number", "enter_time_epoch", "exit_reason",
    "exit_time_epoch", "exit_transfer_destination", "hostname", "incoming_did", "project_id",
    "project_name", "session_uuid", "source", "studio_version", "system_hangup_reason",
    "tenant_domain", "who_hangup",
)  # fmt: skip
"""What a detail says beside its tasks: the call's own fields under other names and types."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of calls, and what the vendor says of the whole."""

    calls: list[Any]
    total: int
    current_url: str | None


class Evolux(Client):
    """`GET studio/calls`, by page over closed windows, and `GET studio/calls/<id>/cdr`."""

    def calls(self, window: Window) -> Iterator[Page]:
        """Calls that started in the window, newest first.

        Pages are counted up: the vendor's `next_url` is plain http and has lost the limit.
        """
        asked = {
            "start_date": window.start.isoformat(),
            # The vendor's own windows end at 23:59:59.999999: the end is taken as included.
            "end_date": (window.end - TICK).isoformat(),
        }
        pages = self.pages(CALLS_REPORT, KEY, window, PAGE)
        for number in pages.numbers():
            asked["page"] = str(number)
            listing, permit = self.http.get(
                CALLS_REPORT,
                PATH,
                partial(_parse_listing, pages.came),
                params={**asked, "limit": PAGE},
                auth=AUTH,
            )
            page = pages.take(listing.calls, permit, listing.total)
            yield replace(page, beyond=_at_end(listing.calls, window))
            if listing.current_url or number == 1:  # the vendor has none beyond its last page
                _check_echo(listing.current_url, asked)
            require_inside(CALLS_REPORT, listing.calls, _start, window.start, window.end)

    def call_detail(self, parent: Parent) -> Page:
        """The detail of one call; none while the vendor doesn't have it."""
        path = f"{PATH}/{quote(parent.key, safe='')}/cdr"
        details, permit = self.http.get(DETAIL_REPORT, path, _parse_detail, auth=AUTH)
        if details and details[0].get("executed_tasks") == []:
            # As with 404: the flow may not have been written down yet.
            is_new = permit.granted_at - parent.started_at < WRITTEN_WITHIN
            details = [] if is_new else details
        for detail in details:
            _check_same_call(detail, parent)
        return Page(details, permit.id, permit.granted_at)


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
        raise unlike(answer, report, body, "has no `meta.status`")
    status = said if answer.status == 200 else answer.status
    if status not in (200, *also):
        raise refused(replace(answer, status=status), report, _has_status)
    return status, body


def _said(body: Json) -> int | None:
    """`meta.status`: every answer of the vendor's has it, its document's 404 too."""
    match body:
        case {"meta": {"status": int(said)}}:
            return said
    return None


def _has_status(answer: Answer) -> bool:
    try:
        return _said(answer.json(but=("meta",))) is not None
    except ContractError:
        return False


def _parse_listing(before: int, answer: Answer) -> tuple[Listing, int]:
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


def _parse_detail(answer: Answer) -> tuple[list[Any], int]:
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


def _check_same_call(detail: Record, parent: Parent) -> None:
    """Raises RecordError for the detail of a call that began at another time."""
    entered = detail.get("enter_time_epoch")
    if isinstance(entered, int | str) and str(entered).isdecimal() and len(str(entered)) <= 10:
        began = datetime.fromtimestamp(int(entered), UTC)
        if entered not in (0, "0") and abs(began - parent.started_at) > SAME_CALL:
            raise RecordError(
                f"{DETAIL_REPORT}: asked for the detail of a call of {parent.started_at:{SHOWN}}, "
                f"got that of one of {began:{SHOWN}}"
            )


def _check_echo(current_url: str | None, asked: Mapping[str, str]) -> None:
    """Raises ContractError when the vendor says that it read other parameters than were sent."""
    echoed = dict(parse_qsl(urlsplit(current_url or "").query))
    for name, value in asked.items():
        echo = echoed.get(name)
        if echo != value and (_instant(echo) is None or _instant(echo) != _instant(value)):
            raise ContractError(
                f"{CALLS_REPORT}: asked for {name}={value}, the vendor read {echo or 'nothing'}"
            )


def _start(call: Record) -> datetime | None:
    """That the dates mean `start_time` is our assumption, which is checked."""
    return _instant(call["start_time"])


def _at_end(calls: list[Any], window: Window) -> int:
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


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls`, grain `ivr_session`.

    A flow that hung up by itself, or doesn't say who did, contained the call; a caller who hung
    up abandoned it. A system that ended it for any other reason than the flow's own is `unknown`:
    neither is known then. So is one of which either couldn't be read. A time of end that can't be
    read is one all the same.
    """
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    columns.text("id", required=True)
    exit_reason = columns.text("exit_reason")
    who = columns.text("who_hangup")
    end_reason = columns.text("system_hangup_reason")
    started_at = columns.instant("start_time", required=True)
    ended_at = columns.instant("end_time")
    from_number = columns.text("caller")
    to_number = columns.text("did_number")
    ended_by = columns.mapped("who_hangup", ENDED_BY, EndedBy.UNKNOWN).where(who.notna(), None)
    is_open = ended_at.isna() & exit_reason.isna() & ~columns.unread("end_time", "exit_reason")

    disposition = columns.mapped("exit_reason", DISPOSITIONS, Disposition.UNKNOWN).astype(object)
    hung_up = exit_reason == "hangup"
    disposition[hung_up & (end_reason.notna() & (end_reason != OWN_END))] = Disposition.UNKNOWN
    disposition[hung_up & columns.unread("who_hangup", "system_hangup_reason")] = (
        Disposition.UNKNOWN
    )
    disposition[hung_up & (ended_by == EndedBy.CUSTOMER)] = Disposition.ABANDONED
    disposition[is_open] = Disposition.IN_PROGRESS

    calls = pd.DataFrame(
        {
            "grain": Grain.IVR_SESSION,
            "direction": Direction.INBOUND,
            "started_at": started_at,
            "ended_at": ended_at,
            "duration_s": columns.seconds("duration"),
            "from_number": from_number,
            "to_number": to_number,
            "from_e164": columns.e164(from_number),
            "to_e164": columns.e164(to_number),
            "disposition": disposition,
            "disposition_raw": exit_reason,
            "is_final": ~is_open,
            "ended_by": ended_by,
            "end_reason": end_reason,
            "flow_id": columns.text("call_flow.id"),
            "flow_name": columns.text("call_flow.name"),
            "transferred_to": columns.text("exit_transfer_destination"),
            "attributes": columns.rest("uuid", "project.id", "project.name"),
        }
    )
    return columns.facts(started_at, {"calls": calls}, is_open)


def details_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.call_events`: a row a task, `position` from 1; a flow that loops repeats a task.

    A detail is nothing without its list of tasks; a task of which something can't be read stays.
    """
    from resources.vendor_api.normalise import NO_LIST, Columns

    columns = Columns(records, account)
    tasks = columns.values("executed_tasks").map(listed)
    columns.reject(tasks.isna(), "executed_tasks", "missing")
    columns.reject(~tasks.map(lambda value: isinstance(value, list)), "executed_tasks", NO_LIST)
    columns.rest(*DETAIL_FIELDS)
    steps = columns.parts("executed_tasks")
    events = steps.rows(
        {
            "task_id": steps.text("task_id"),
            "task_name": steps.text("task_name"),
            "description": steps.text("task_description"),
            "started_at": steps.epoch("start_time_epoch"),
            "ended_at": steps.epoch("end_time_epoch"),
            "params": steps.object("task_raw_params"),
            "attributes": steps.rest(),
        }
    )
    return columns.facts(None, {"call_events": events})


CALLS = Stream(
    name="calls",
    title="Calls through Studio's flows",
    document=DOCUMENT,
    table="calls",
    read=Evolux.calls,
    key=KEY,
    normalise=calls_to_facts,
    live="since",
    lookback=timedelta(hours=1),  # a call is known by its start, but listed when it has ended
    settle=timedelta(hours=3),
    settle_every=timedelta(hours=3),
)

CALL_DETAILS = DetailStream(
    name="call_details",
    title="The steps of each call",
    document=DOCUMENT,
    table="call_events",
    of="calls",
    read=Evolux.call_detail,
    normalise=details_to_facts,
    redact=mask_requests,
)

VENDOR = Vendor(
    name="evolux",
    title="Evolux Studio",
    timezone="America/Sao_Paulo",
    country="BR",
    client=Evolux,
    streams=(CALLS, CALL_DETAILS),
    tells=frozenset({Tells.IVR_STEPS}),
    limits=Limits(
        concurrency=4,
        requests_per_s=10,
        max_window_days=1,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": f"ours: the URLs in '{DOCUMENT}' span one day",
        },
    ),
)
