"""Kestrel, for practice: its API is like that of a well-known cloud telephony (Aircall's).

A list is paged by links and ends at ten thousand calls, whatever its total. A call holds its legs,
and perhaps a recording, whose URL is signed anew at each read.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from resources.account import Account, Limits
from resources.errors import WindowTooLargeError
from resources.http.answer import Answer, pause_when_used_up
from resources.http.auth import Basic
from resources.http.refusals import refuse_page, unlike
from resources.text import payload
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.client import Client
from resources.vendor_api.links import read_link
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import Window
from sql.vocabulary import Direction, Disposition, Grain, Tells

DOCUMENT = "Kestrel, API reference: calls"
REPORT = "calls"
PATH = "v1/calls"
AUTH = Basic("api_id", "api_token")
KEY = key_of("id")
PAGE = 50
"""`per_page`: the document's maximum."""
MISSED = {
    "abandoned_in_ivr": Disposition.ABANDONED,
    "short_abandoned": Disposition.ABANDONED,
    "no_available_agent": Disposition.NO_ANSWER,
    "agents_did_not_answer": Disposition.NO_ANSWER,
    "out_of_opening_hours": Disposition.OUT_OF_HOURS,
}
DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of calls, how many there are in all, and the link to the next page."""

    calls: list[Any]
    total: int
    next: str | None


class Kestrel(Client):
    """`GET v1/calls?from=…&to=…`: seconds since 1970, both included."""

    def calls(self, window: Window) -> Iterator[Page]:
        """The calls that began in the window. Raises WindowTooLargeError where a list would end
        before its last call.
        """
        first, last = math.floor(window.start.timestamp()), math.ceil(window.end.timestamp()) - 1
        most = self.account.limits.max_records or math.inf
        asked = {"from": str(first), "to": str(last), "order": "asc", "per_page": str(PAGE)}
        pages = self.pages(REPORT, KEY, window)
        for link in pages.cursors():
            path, params = read_link(self.account.base_url, link, REPORT) if link else (PATH, asked)
            listing, permit = self.http.get(
                REPORT, path, partial(_parse, pages.came), auth=AUTH, params=params
            )
            if listing.total > most:
                raise WindowTooLargeError(
                    f"{REPORT}: there are {listing.total:,}, and a list has {most:,} at most"
                )
            yield pages.take(listing.calls, permit, listing.total, listing.next)
            require_inside(REPORT, listing.calls, _start, _moment(first), _moment(last))


def _parse(before: int, answer: Answer) -> tuple[Listing, int]:
    """A page; `before`: how many pages came before."""
    pause_when_used_up(answer, "x-kestrel-remaining", "x-kestrel-reset")
    if answer.status != 200:
        raise refuse_page(answer, REPORT, before=before)
    body = answer.json()
    match body:
        case {
            "calls": calls,
            "meta": {"total": int(total), "next_page_link": (str() | None) as link},
        } if isinstance(rows := payload.listed(calls), list):
            return Listing(rows, total, link), len(rows)
    raise unlike(answer, REPORT, body, "lacks `calls`, or `total` or `next_page_link` of `meta`")


def _start(call: Record) -> datetime | None:
    at = call["started_at"]
    return _moment(at) if type(at) is int and 0 < at < 2**40 else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls`, grain `call`, with the call's legs and its recording, if it has one."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    columns.text("id", required=True)
    started_at = columns.epoch("started_at", required=True)
    answered_at, ended_at = columns.epoch("answered_at"), columns.epoch("ended_at")
    status = columns.text("status")
    is_open = status.ne("done") | ended_at.isna()
    missed = columns.mapped("missed_call_reason", MISSED, Disposition.UNKNOWN)
    disposition = missed.where(answered_at.isna(), Disposition.ANSWERED)
    disposition[missed.eq(Disposition.UNKNOWN) & columns.values("missed_call_reason").isna()
                & answered_at.isna()] = Disposition.NO_ANSWER  # fmt: skip
    disposition[columns.unread("answered_at", "missed_call_reason")] = Disposition.UNKNOWN
    disposition[is_open] = Disposition.IN_PROGRESS
    recording = columns.text("recording")
    digits = columns.text("raw_digits")
    common = {
        "started_at": started_at,
        "duration_s": columns.seconds("duration"),
        "from_number": digits,
    }
    calls = pd.DataFrame(
        {
            **common,
            "grain": Grain.CALL,
            "direction": columns.mapped("direction", DIRECTIONS, Direction.UNKNOWN),
            "answered_at": answered_at,
            "ended_at": ended_at,
            "from_e164": columns.e164(digits),
            "disposition": disposition,
            "disposition_raw": columns.text("missed_call_reason"),
            "is_final": ~is_open,
            "agent_id": columns.text("user.id"),
            "agent_name": columns.text("user.name"),
            "has_recording": recording.notna(),
        }
    )
    parts = columns.parts("legs")
    leg_start = parts.epoch("started_at")
    legs = parts.rows(
        {
            "leg_type": parts.text("type"),
            "direction": parts.mapped("direction", DIRECTIONS, Direction.UNKNOWN),
            "started_at": leg_start,
            "answered_at": parts.epoch("answered_at"),
            "ended_at": parts.epoch("ended_at"),
            "talk_s": parts.seconds("talk_time"),
            "to_number": parts.text("to"),
            "attributes": parts.rest(),
        }
    )
    calls["attributes"] = columns.rest("number")
    tables = {
        "calls": calls,
        "call_legs": legs[legs["started_at"].notna()],
        "recordings": pd.DataFrame(common)[recording.notna()],
    }
    return columns.facts(started_at, tables, is_open)


VENDOR = Vendor(
    name="kestrel",
    title="Kestrel",
    timezone="Europe/Lisbon",
    country="PT",
    client=Kestrel,
    credentials=("api_id", "api_token"),
    streams=(
        Stream(
            name="calls",
            title="Calls, their legs and recordings",
            document=DOCUMENT,
            table="calls",
            also=("call_legs", "recordings"),
            read=Kestrel.calls,
            key=KEY,
            normalise=calls_to_facts,
            until_final=True,
            spans_days=True,
            volatile=("recording",),
        ),
    ),
    tells=dict.fromkeys((Tells.ABANDONED, Tells.AGENTS, Tells.RECORDINGS), ("calls",)),
    limits=Limits(
        requests_per_s=1,
        concurrency=1,
        max_window_days=7,
        max_records=10_000,
        sources={
            "requests_per_s": f"{DOCUMENT}: 60 a minute",
            "concurrency": "assumed: not documented",
            "max_window_days": "ours: a week of calls fits into a list",
            "max_records": f"{DOCUMENT}: a list ends there",
        },
    ),
)
