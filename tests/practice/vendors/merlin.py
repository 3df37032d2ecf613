"""Merlin, for practice: its API is like that of a well-known contact centre (Genesys Cloud's).

Who asks gets a token for a while by OAuth's client credentials. What is asked for is described in
a POST that changes nothing, and comes by the number of its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from resources.account import Account, Limits
from resources.http.answer import Answer
from resources.http.auth import ClientCredentials
from resources.http.refusals import refuse_page, unlike
from resources.text import payload
from resources.vendor_api.asked_for import require_inside
from resources.vendor_api.client import Client
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Facts, Page, Record, Stream, Vendor
from resources.windows import Window
from sql.vocabulary import Direction, Disposition, Grain, Tells

DOCUMENT = "Merlin, platform API: conversation details"
REPORT = "conversations"
PATH = "api/v2/analytics/conversations/details/query"
AUTH = ClientCredentials("oauth/token")
KEY = key_of("conversationId")
TICK = timedelta(microseconds=1)
PAGE = 100
"""`pageSize`: the document's maximum."""
DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of conversations, and how many there are in all."""

    conversations: list[Any]
    total: int


class Merlin(Client):
    """`POST …/conversations/details/query`: a search, by the interval of the start."""

    def conversations(self, window: Window) -> Iterator[Page]:
        """The conversations that began in the window."""
        asked = {
            "interval": f"{window.start.isoformat()}/{window.end.isoformat()}",
            "order": "asc",
            "orderBy": "conversationStart",
        }
        pages = self.pages(REPORT, KEY, window)
        for number in pages.numbers():
            listing, permit = self.http.search(
                REPORT,
                PATH,
                partial(_parse, pages.came),
                {**asked, "paging": {"pageSize": PAGE, "pageNumber": number}},
                auth=AUTH,
            )
            yield pages.take(listing.conversations, permit, listing.total)
            require_inside(REPORT, listing.conversations, _start, window.start, window.end - TICK)


def _parse(before: int, answer: Answer) -> tuple[Listing, int]:
    """A page; `before`: how many pages came before. One without records has no list."""
    if answer.status != 200:
        raise refuse_page(answer, REPORT, before=before)
    body = answer.json()
    match body:
        case {"totalHits": int(total)} if isinstance(
            rows := payload.listed(body.get("conversations", [])), list
        ):
            return Listing(rows, total), len(rows)
    raise unlike(answer, REPORT, body, "lacks `totalHits`, or has no list `conversations`")


def _start(conversation: Record) -> datetime:
    return datetime.fromisoformat(conversation["conversationStart"])


def conversations_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls`, grain `call`, and `facts.call_legs`: a row a participant."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    columns.text("conversationId", required=True)
    started_at = columns.instant("conversationStart", required=True)
    ended_at = columns.end("conversationEnd", columns.instant("conversationEnd"), started_at)
    is_open = ended_at.isna() & ~columns.unread("conversationEnd")
    direction = columns.mapped("originatingDirection", DIRECTIONS, Direction.UNKNOWN)
    caller = columns.text("ani")
    talk_s = columns.seconds("talkMillis", 1000)
    disposition = pd.Series(Disposition.UNKNOWN, index=talk_s.index, dtype=object)
    disposition[talk_s > 0] = Disposition.ANSWERED
    disposition[(talk_s == 0) & (direction == Direction.INBOUND)] = Disposition.ABANDONED
    disposition[(talk_s == 0) & (direction == Direction.OUTBOUND)] = Disposition.NO_ANSWER
    disposition[is_open] = Disposition.IN_PROGRESS
    participants = columns.parts("participants")
    legs = participants.rows(
        {
            "leg_type": participants.text("purpose"),
            "direction": Direction.UNKNOWN,
            "started_at": participants.instant("connected"),
            "ended_at": participants.instant("disconnected"),
            "end_reason": participants.text("disconnectType"),
            "attributes": participants.rest("participantId", "userId"),
        }
    )
    calls = pd.DataFrame(
        {
            "grain": Grain.CALL,
            "direction": direction,
            "started_at": started_at,
            "ended_at": ended_at,
            "duration_s": (ended_at - started_at).dt.total_seconds(),
            "talk_s": talk_s,
            "from_number": caller,
            "from_e164": columns.e164(caller),
            "disposition": disposition,
            "is_final": ~is_open,
            "attributes": columns.rest("divisionIds"),
        }
    )
    tables = {"calls": calls, "call_legs": legs[legs["started_at"].notna()]}
    return columns.facts(started_at, tables, is_open)


VENDOR = Vendor(
    name="merlin",
    title="Merlin",
    timezone="Europe/Dublin",
    country="IE",
    client=Merlin,
    credentials=("client_id", "client_secret"),
    streams=(
        Stream(
            name="conversations",
            title="Conversations and their participants",
            document=DOCUMENT,
            table="calls",
            also=("call_legs",),
            read=Merlin.conversations,
            searches=(PATH,),
            key=KEY,
            normalise=conversations_to_facts,
            until_final=True,
            spans_days=True,
        ),
    ),
    tells=dict.fromkeys((Tells.ABANDONED, Tells.TALK), ("conversations",)),
    limits=Limits(
        requests_per_s=5,
        max_window_days=31,
        sources={
            "requests_per_s": f"{DOCUMENT}: 300 a minute and token",
            "max_window_days": f"{DOCUMENT}: an interval has 31 days at most",
        },
    ),
)
