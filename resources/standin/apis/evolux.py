"""Evolux Studio: `studio/calls` by page, newest first, and `studio/calls/<id>/cdr`.

The document has no date parameters in its table, but its pagination URLs carry `start_date` and
`end_date`, over one day in UTC: both are taken, and default to today. As in the sample, those
URLs are plain http and leave `limit` out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from resources.standin.answer import Answer, Api, Ask, Record, RefusalError

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

CALLS = "api/v1/studio/calls"
DETAIL = re.compile(rf"{CALLS}/(?P<id>[^/]+)/cdr")


def error(status: int, message: str) -> Answer:
    return Answer(status, {"meta": {"status": status, "message": message}})


def refuse(tenant: Tenant, ask: Ask) -> Answer | None:
    return None if ask.headers.get("token") == tenant.token else error(401, "Unauthorized")


def report(ask: Ask) -> str:
    return "studio_calls_cdr" if DETAIL.fullmatch(ask.path) else "studio_calls"


def answer(tenant: Tenant, ask: Ask) -> Answer:
    if detail := DETAIL.fullmatch(ask.path):
        return _detail(tenant, detail["id"])
    if ask.path != CALLS:
        return error(404, "Not found")
    return _page(tenant, ask)


def _detail(tenant: Tenant, call_id: str) -> Answer:
    detail = tenant.attachment(call_id)
    if detail is None:
        return error(404, "Not found")
    return Answer(payload={"meta": {"status": 200, "message": "OK"}, "data": detail}, rows=[detail])


def _page(tenant: Tenant, ask: Ask) -> Answer:
    since, until = window(tenant, ask)
    most = tenant.limits.max_page or 50
    limit, page = _count(ask, "limit", most), _count(ask, "page", 1)
    if limit > most:
        tenant.meter.breach(tenant, "max_page", f"limit={limit}, {most} is the most")
        limit = most

    calls = [
        call
        for call in tenant.rows("studio_calls", since, until)
        if (at := started(call)) is None or since <= at <= tenant.until(until)
    ]
    calls.sort(key=lambda call: started(call) or until, reverse=True)
    listing = tenant.listing(calls, (page - 1) * limit, limit)
    shown = listing.told_start // limit + 1
    return envelope(ask, since, until, shown, limit, listing.total, listing.page)


def envelope(
    ask: Ask, since: datetime, until: datetime, page: int, limit: int, total: int, rows: list[Any]
) -> Answer:
    """A page of the answer as the sample shows it."""
    last = max(1, -(-total // limit))

    def url(number: int) -> str | None:
        if not 1 <= number <= last:
            return None
        dates = {"start_date": since.isoformat(), "end_date": until.isoformat()}
        return f"{ask.base}/{CALLS}?{urlencode({**dates, 'page': number})}"

    pagination: dict[str, Any] = {
        "max_limit": 50,
        "limit": limit,
        "items": len(rows),
        "total": total,
        "first_url": url(1),
        "current_url": url(page),
        "next_url": url(page + 1),
        "prev_url": url(page - 1),
        "last_url": url(last),
    }

    def set_total(total: int | None) -> None:
        pagination["total"] = total
        if total is None:
            del pagination["total"]

    payload = {"pagination": pagination, "meta": {"status": 200, "message": "OK"}, "data": rows}
    return Answer(payload=payload, rows=rows, set_total=set_total)


def window(tenant: Tenant, ask: Ask) -> tuple[datetime, datetime]:
    today = tenant.clock.now().astimezone(UTC).date()
    return (
        _instant(ask, "start_date", datetime.combine(today, time.min, UTC)),
        _instant(ask, "end_date", datetime.combine(today, time.max, UTC)),
    )


def started(call: Record) -> datetime | None:
    """None where the record is broken: it is then part of every window."""
    try:
        return datetime.fromisoformat(call["start_time"])
    except (KeyError, TypeError, ValueError):
        return None


def _instant(ask: Ask, name: str, default: datetime) -> datetime:
    if not (text := ask.query.get(name)):
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(error(400, f"{name} is not a date: {text}")) from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _count(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise RefusalError(error(400, f"{name} is not a positive number: {text}"))
    return int(text)


API = Api(
    timezone="America/Sao_Paulo",
    reports=("studio_calls",),
    report=report,
    key=lambda call: call["id"],
    refuse=refuse,
    answer=answer,
    day=lambda row, zone: datetime.fromisoformat(row["start_time"]).astimezone(zone).date(),
)
