"""The practice vendors' servers, and how they show a thing: read from no mapping."""

import base64
import json
import weakref
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from resources.standin.answer import Answer, Api, Ask, RefusalError
from resources.standin.tenant import Tenant
from tests.model.vendors import Kind, Payload, Thing, shown

PER_PAGE = 50
LISTED = 10_000
"""Kestrel's lists end there."""
SEARCH, TOKEN = "api/v2/analytics/conversations/details/query", "oauth/token"
LIFE = timedelta(hours=1)
_granted: "weakref.WeakKeyDictionary[Tenant, tuple[str, datetime]]" = weakref.WeakKeyDictionary()
"""Merlin's newest token for each tenant, and when it expires."""


def _basic(tenant: Tenant) -> str:
    return "Basic " + base64.b64encode(f"{tenant.token}:{tenant.key}".encode()).decode()


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"error": message})


def _kestrel_refuses(tenant: Tenant, ask: Ask) -> Answer | None:
    if ask.headers.get("authorization") == _basic(tenant):
        return None
    return _error(401, "Unauthorized")


def _kestrel_answers(tenant: Tenant, ask: Ask) -> Answer:
    if ask.path != "v1/calls":
        return _error(404, "Not Found")
    first, last, page = (int(ask.query.get(name, 1)) for name in ("from", "to", "page"))
    calls = [
        call
        for call in tenant.rows("calls", tenant.clock.now(), tenant.clock.now())
        if not isinstance(at := call.get("started_at"), int) or first <= at <= last
    ]
    calls.sort(key=lambda call: at if isinstance(at := call.get("started_at"), int) else 0)
    start = (page - 1) * PER_PAGE
    if start >= LISTED:
        raise RefusalError(_error(400, "no page there"))
    listing = tenant.listing(calls, start, PER_PAGE)
    rows = listing.page
    link = f"{ask.base}/v1/calls?{urlencode({**ask.query, 'page': page + 1})}"
    meta: dict[str, Any] = {
        "count": len(rows), "total": listing.total,
        "next_page_link": link if start + PER_PAGE < listing.total else None,
    }  # fmt: skip
    return Answer(
        payload={"meta": meta, "calls": rows},
        rows=rows,
        set_total=lambda total: meta.update(total=total),
    )


def _merlin_refuses(tenant: Tenant, ask: Ask) -> Answer | None:
    asked = ask.headers.get("authorization")
    if ask.path == TOKEN:
        return None if asked == _basic(tenant) else _error(401, "invalid_client")
    token, until = _granted.get(tenant, ("", tenant.clock.now()))
    if asked == f"Bearer {token}" and tenant.clock.now() < until:
        return None
    return Answer(401, {"message": "Invalid login credentials.", "code": "bad.credentials"})


def _merlin_answers(tenant: Tenant, ask: Ask) -> Answer:
    if ask.path == TOKEN:
        token = f"granted-{tenant.name}-{tenant.clock.now().timestamp()}"
        _granted[tenant] = token, tenant.clock.now() + LIFE
        return Answer(payload={"access_token": token, "expires_in": LIFE.total_seconds()})
    if ask.path != SEARCH:
        return _error(404, "Not Found")
    asked = json.loads(ask.body)
    since, until = map(datetime.fromisoformat, asked["interval"].split("/"))
    size, number = asked["paging"]["pageSize"], asked["paging"]["pageNumber"]
    found = [
        one
        for one in tenant.rows("conversations", since, until)
        if not isinstance(at := one.get("conversationStart"), str)
        or since <= datetime.fromisoformat(at) < until
    ]
    found.sort(key=lambda one: str(one.get("conversationStart")))
    listing = tenant.listing(found, (number - 1) * size, size)
    rows = listing.page
    payload: dict[str, Any] = {"totalHits": listing.total, "conversations": rows}
    return Answer(
        payload=payload, rows=rows, set_total=lambda total: payload.update(totalHits=total)
    )


SERVERS = {
    "kestrel": Api(
        timezone="Europe/Lisbon",
        reports=("calls",),
        report=lambda _: "calls",
        key=lambda call: call["id"],
        refuse=_kestrel_refuses,
        answer=_kestrel_answers,
        day=lambda call, zone: datetime.fromtimestamp(call["started_at"], zone).date(),
    ),
    "merlin": Api(
        timezone="Europe/Dublin",
        reports=("conversations",),
        report=lambda ask: "token" if ask.path == TOKEN else "conversations",
        key=lambda one: one["conversationId"],
        refuse=_merlin_refuses,
        answer=_merlin_answers,
        day=lambda one, zone: (
            datetime.fromisoformat(one["conversationStart"]).astimezone(zone).date()
        ),
        posts=frozenset({SEARCH, TOKEN}),
    ),
}


def _call(thing: Thing, _: ZoneInfo) -> Payload:
    start, end = int(thing.start.timestamp()), thing.end and int(thing.end.timestamp())
    leg = {"direction": "inbound", "started_at": start, "ended_at": end, "talk_time": 1}
    return {
        "id": thing.number,
        "direction": "inbound",
        "status": "done" if end else "answered",
        "started_at": start,
        "answered_at": start,
        "ended_at": end,
        **shown(thing, "duration", thing.value),
        "raw_digits": "+351912345678",
        "legs": [leg | {"type": "customer"}, leg | {"type": "agent"}],
    }


def _conversation(thing: Thing, _: ZoneInfo) -> Payload:
    return {
        "conversationId": str(thing.number),
        "conversationStart": thing.start.isoformat(),
        "conversationEnd": thing.end and thing.end.isoformat(),
        "originatingDirection": "inbound",
        "ani": "+353861234567",
        **shown(thing, "talkMillis", thing.value * 1000),
        "participants": [{"purpose": "customer", "connected": thing.start.isoformat()}],
    }


PRACTICE = (
    Kind(
        vendor="kestrel", stream="calls", zone=ZoneInfo("Europe/Lisbon"), table="calls",
        column="duration_s", show=_call, key_of=lambda payload, _: str(payload["id"]),
        value_field="duration", page_rows=PER_PAGE, tells_total=True, until_final=True,
    ),
    Kind(
        vendor="merlin", stream="conversations", zone=ZoneInfo("Europe/Dublin"), table="calls",
        column="talk_s", show=_conversation,
        key_of=lambda payload, _: str(payload["conversationId"]), value_field="talkMillis",
        page_rows=100, tells_total=True, until_final=True,
    ),
)  # fmt: skip
