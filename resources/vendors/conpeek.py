"""Conpeek: dialogs (`Read CDR Dialog`). One record is one *side* (leg) of a call.

Facts and how sure they are: the vendor's document says parameters, filters and paging; fields of
a dialog are known from public material only, so whatever isn't mapped is kept in `attributes`.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal, get_args

from resources.account import Account, Limits, Options
from resources.errors import ContractError, VendorError
from resources.http.answer import Answer
from resources.http.auth import HeaderToken
from resources.http.refusals import refuse_page, unlike
from resources.text import payload
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import Window
from sql.vocabulary import Direction, Disposition, Grain, Tells

DOCUMENT = "Read CDR Dialog"
REPORT = "cdr_dialog"
AUTH = HeaderToken("authorization")
"""The bare key, without a scheme before it."""
KEY = key_of("dialog_uuid", uuid_dash="-")
PAGE = 500
"""`limit`'s default; no maximum is documented, so no more is asked for."""
TIME = "%Y-%m-%d %H:%M:%S"
DIRECTIONS = {"INBOUND": Direction.INBOUND, "OUTBOUND": Direction.OUTBOUND}
UNSERVED = {
    Direction.INBOUND: Disposition.ABANDONED,
    Direction.OUTBOUND: Disposition.NO_ANSWER,
    Direction.UNKNOWN: Disposition.UNKNOWN,
}
"""What became of a call that nobody is said to have served."""
DialogType = Literal[
    "CONSULTANT", "TENANT_USER", "EXTERNAL", "BOT", "SCREENSHARE_DIALOG", "SYSTEM", "UNBOUND_DIALOG"
]


class ConpeekOptions(Options):
    """The filters of the document that narrow what an account loads."""

    project_ids: tuple[int, ...] = ()
    tenant_user_ids: tuple[int, ...] = ()
    custom_tag_ids: tuple[int, ...] = ()
    operator_call_ids: tuple[str, ...] = ()
    call_request_agent_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dialog_types: tuple[DialogType, ...] = ()
    business_direction: Literal["INBOUND", "OUTBOUND"] | None = None
    min_talking_time_s: float | None = None

    @property
    def untold(self) -> frozenset[Tells]:
        """Who gave up talked with nobody: no user, nor who tags, has had the call."""
        by_talks = self.tenant_user_ids or self.custom_tag_ids or self.call_request_agent_ids
        if by_talks or self.operator_call_ids or self.min_talking_time_s is not None:
            return frozenset({Tells.ABANDONED})
        return frozenset()

    def filters(self) -> list[dict[str, Any]]:
        """As the vendor's filter wants them."""
        lists = {
            "project_id_list": self.project_ids,
            "tenant_user_id_list": self.tenant_user_ids,
            "custom_tag_id_list": self.custom_tag_ids,
            "operator_call_id_list": self.operator_call_ids,
            "call_request_agent_id_list": self.call_request_agent_ids,
            "number_list": self.numbers,
            "dialog_type_list": self.dialog_types,
        }
        filters: list[dict[str, Any]] = [
            {"property": name, "value": list(values)} for name, values in lists.items() if values
        ]
        if self.business_direction:
            filters.append({"property": "business_direction", "value": self.business_direction})
        if self.min_talking_time_s is not None:
            milliseconds = round(self.min_talking_time_s * 1000)
            filters.append({"property": "talking_time", "operator": "gte", "value": milliseconds})
        return filters


class Conpeek(Client):
    """`GET cdr_dialog`, paged by offset over closed windows."""

    def dialogs(self, window: Window) -> Iterator[Page]:
        """Dialogs of the window: by start for whole days, by hang-up when reading on.

        Polling by `hangup_time` gets a dialog when it is finished, however long ago it began.
        """
        by = "start_time" if window.days else "hangup_time"
        options = self.account.options
        assert isinstance(options, ConpeekOptions)
        filters = [
            {"property": by, "operator": "gte", "value": f"{window.start:{TIME}}"},
            {"property": by, "operator": "lt", "value": f"{window.end:{TIME}}"},
            *options.filters(),
        ]
        pages = self.pages(REPORT, KEY, window, PAGE)
        for offset in pages.offsets():
            params: dict[str, str | int] = {
                "limit": PAGE,
                "offset": offset,
                "filter": json.dumps(filters),
            }
            try:
                data, permit = self.http.get(
                    REPORT,
                    REPORT,
                    partial(_parse, pages.came),
                    params=params,
                    auth=AUTH,
                )
            except VendorError as error:
                pages.refuse(error)
                continue
            yield pages.take(data, permit)
            _check_inside(data, by, window)


def _parse(before: int, answer: Answer) -> tuple[list[Any], int]:
    """The dialogs of a page; `before`: how many pages came before."""
    if before and answer.status == 204:
        return [], 0
    if answer.status != 200:
        raise refuse_page(answer, REPORT, before=before)
    body = answer.json()
    data = payload.listed(body.get("data")) if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise unlike(answer, REPORT, body, "has no list `data`")
    return data, len(data)


def _check_inside(data: list[Any], by: str, window: Window) -> None:
    """Raises ContractError when a record lies outside: the vendor ignored the filter."""
    first, after = f"{window.start:{TIME}}", f"{window.end:{TIME}}"
    with suppress(KeyError, TypeError, ValueError):
        values = [record[by] for record in data]
        if first <= min(values) and max(values) < after:
            return  # at once: nearly always all of them are
    for record in data:
        value = record.get(by) if isinstance(record, dict) else None
        if isinstance(value, str) and first <= value < after:
            continue  # the format sorts as the times do
        try:
            instant = datetime.strptime(value, TIME).replace(tzinfo=UTC) if value else None
        except (TypeError, ValueError):
            continue  # a broken record is the mapping's to reject
        if instant and not window.start <= instant <= window.end:  # some take `lt` for `lte`
            raise ContractError(
                f"{REPORT}: a record's {by} is {value}, outside the window {window}: "
                "the vendor ignored the filter"
            )


def dialogs_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.call_legs` for every dialog, `facts.calls` (grain `call`) for EXTERNAL ones.

    A time of hang-up that can't be read is one all the same; a time of talking that can't be read
    leaves open what became of a call that nobody is said to have served.
    """
    import pandas as pd

    from resources.vendor_api.normalise import Columns
    from resources.vendor_api.series import objects

    columns = Columns(records, account)
    columns.text("dialog_uuid", required=True)
    kind = columns.one_of("dialog_type", get_args(DialogType), required=True)
    direction = columns.mapped("business_direction", DIRECTIONS, Direction.UNKNOWN)
    started_at = columns.instant("start_time", TIME, required=True)
    ended_at = columns.end("hangup_time", columns.instant("hangup_time", TIME), started_at)
    talk_s = columns.seconds("talking_time", 1000)
    machine = columns.boolean("machine_detected")
    from_number = columns.text("from_display_target")
    to_number = columns.text("to_display_target")
    end_reason = columns.text("business_end_cause")
    served_at = columns.instant("serve_time", TIME)
    answered_at = columns.instant("answer_time", TIME)
    wait_s = columns.seconds("waiting_time", 1000)
    attributes = columns.rest(
        "alert_time", "ring_time", "first_queue_waiting_time", "machine_detected_type"
    )
    is_open = ended_at.isna() & ~columns.unread("hangup_time")

    disposition = objects(UNSERVED[one] for one in direction)
    disposition[columns.unread("talking_time")] = Disposition.UNKNOWN
    disposition[(talk_s > 0) | (talk_s.isna() & served_at.notna())] = Disposition.ANSWERED
    disposition[machine.eq(True)] = Disposition.MACHINE
    disposition[is_open] = Disposition.IN_PROGRESS

    common = {
        "direction": direction,
        "started_at": started_at,
        "ended_at": ended_at,
        "duration_s": (ended_at - started_at).dt.total_seconds(),
        "talk_s": talk_s,
        "wait_s": wait_s,
        "from_number": from_number,
        "to_number": to_number,
        "from_e164": columns.e164(from_number),
        "to_e164": columns.e164(to_number),
        "end_reason": end_reason,
        "attributes": attributes,
    }
    legs = pd.DataFrame(
        {**common, "leg_type": kind, "answered_at": answered_at, "machine_detected": machine},
        copy=False,
    )
    calls = pd.DataFrame(
        {
            **common,
            "grain": Grain.CALL,
            "answered_at": served_at,
            "disposition": disposition,
            "disposition_raw": end_reason,
            "is_final": ~is_open,
        },
        copy=False,
    )
    return columns.facts(
        started_at, {"call_legs": legs, "calls": calls[kind == "EXTERNAL"]}, is_open, common
    )


DIALOGS = Stream(
    name="dialogs",
    title="Dialogs: every leg of every call",
    document=DOCUMENT,
    table="call_legs",
    also=("calls",),
    read=Conpeek.dialogs,
    key=KEY,
    normalise=dialogs_to_facts,
    live="since",
    lookback=timedelta(minutes=30),
    settle=timedelta(hours=2),
    settle_every=timedelta(hours=2),
    until_final=True,
    spans_days=True,
)

VENDOR = Vendor(
    name="conpeek",
    title="Conpeek",
    timezone="Europe/Warsaw",
    country="PL",
    client=Conpeek,
    streams=(DIALOGS,),
    options=ConpeekOptions,
    tells=dict.fromkeys((Tells.ABANDONED, Tells.WAITS, Tells.TALK), (DIALOGS.name,)),
    limits=Limits(
        concurrency=4,
        requests_per_s=10,
        max_window_days=31,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": "ours: no maximum is documented",
        },
    ),
)
