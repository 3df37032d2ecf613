"""Clickfono: `calls/list` of one day, a bare array without pages, or 204 when it is empty."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from resources.standin.answer import Answer, Api, Ask, RefusalError

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

TIME_FORMAT = "%Y/%m/%d %H:%M:%S %z"


def error(status: int, message: str) -> Answer:
    """The document names the statuses, not what their bodies say."""
    return Answer(status, {"error": message})


def refuse(tenant: Tenant, ask: Ask) -> Answer | None:
    known = ask.headers.get("security-token") == tenant.token
    return None if known else error(401, "El token utilizado no es válido")


def report(_: Ask) -> str:
    return "calls_list"


def answer(tenant: Tenant, ask: Ask) -> Answer:
    if ask.path != "calls/list":
        return error(404, "No encontrado")
    wanted, popup = asked_day(tenant, ask), ask.query.get("popup_uuid")
    since = datetime.combine(wanted, time.min, tenant.zone)
    calls = [
        call
        for call in tenant.rows("calls_list", since, since + timedelta(days=1))
        if _is_of(call, wanted, tenant) and (popup is None or call["popup_uuid"] == popup)
    ]
    calls = tenant.listing(calls).page
    return Answer(payload=calls, rows=calls) if calls else Answer(204)


def asked_day(tenant: Tenant, ask: Ask) -> date:
    """The day that is asked for, in the tenant's time zone."""
    if not (text := ask.query.get("date")):
        return tenant.clock.now().astimezone(tenant.zone).date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=tenant.zone).date()
    except ValueError:
        raise RefusalError(error(400, f"date is not YYYY-MM-DD: {text}")) from None


def _is_of(call: Any, day: date, tenant: Tenant) -> bool:
    """A broken record is part of every day."""
    try:
        return _called_at(call, tenant.zone).date() == day
    except (KeyError, TypeError, ValueError):
        return True


def _called_at(call: Any, zone: ZoneInfo) -> datetime:
    return datetime.strptime(call["call_at"], TIME_FORMAT).astimezone(zone)


API = Api(
    timezone="America/Santiago",
    reports=("calls_list",),
    report=report,
    key=lambda call: call["uuid"],
    refuse=refuse,
    answer=answer,
    day=lambda row, zone: _called_at(row, zone).date(),
)
