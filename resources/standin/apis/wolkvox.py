"""Wolkvox' reports manager: one response without pages, everything a string, local wall time.

`cdr_2` is the document's; `cdr_1` and `cdr_5` and the texts of the errors are public material.
An empty window is HTTP 404. Of more records than the limit the first ones come, silently.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from resources.standin.answer import Answer, Api, Ask, RefusalError

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

PATH = "api/v2/reports_manager.php"
PARAMETER_FORMAT = "%Y%m%d%H%M%S"
RECORD_FORMAT = "%Y-%m-%d %H:%M:%S"

REPORTS = {"cdr_1": "200", "cdr_2": 200, "cdr_5": "200"}
"""By report, and how it spells the envelope's `code`."""

REFUSED_LIMITS = {
    "concurrency": "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)",
    "daily_requests": "TOKEN LIMIT EXCEEDED",
}


def error(status: int, message: str) -> Answer:
    return Answer(status, {"code": str(status), "error": "1", "msg": message, "data": []})


def refuse(tenant: Tenant, ask: Ask) -> Answer | None:
    token = ask.headers.get("wolkvox-token")
    if not token:
        return error(401, "PLEASE ENTER THE WOLKVOX-TOKEN")
    return None if token == tenant.token else error(403, "PLEASE VALIDATE TOKEN")


def over_limit(limit: str) -> Answer | None:
    """Two limits have a refusal of their own; the others are met in silence."""
    message = REFUSED_LIMITS.get(limit)
    return error(403, message) if message else None


def report(ask: Ask) -> str:
    return ask.query.get("api", "")


def answer(tenant: Tenant, ask: Ask) -> Answer:
    name = report(ask)
    if ask.path != PATH or name not in REPORTS:
        return error(400, "THE API YOU WANT TO CONSULT DOES NOT EXIST")
    since, until = window(tenant, ask)
    days = tenant.limits.max_window_days
    if days and until - since > timedelta(days=days):
        tenant.meter.breach(
            tenant, "max_window_days", f"{until - since} asked, {days} days allowed"
        )
        return error(400, f"THE LIMIT OF DAYS IS {days}")
    until = tenant.until(until)
    rows = _totals(tenant, since, until) if name == "cdr_2" else _calls(tenant, name, since, until)
    return envelope(tenant, name, tenant.listing(rows, day=since.date()).page)


def envelope(tenant: Tenant, name: str, rows: list[Any]) -> Answer:
    if not rows:
        return error(404, "Validate dates entered")
    found = len(rows)
    rows = rows[: tenant.limits.max_records]
    payload = {
        "code": REPORTS[name],
        "error": None,
        "msg": f"{found if tenant.limits.names_full_count else len(rows)} records were found",
        "data": rows,
    }

    def set_total(total: int | None) -> None:
        payload["msg"] = "" if total is None else f"{total} records were found"

    answer = Answer(payload=payload, rows=rows, set_total=set_total)
    heaviest = tenant.limits.max_bytes
    if heaviest and len(answer.encoded()) > heaviest:
        return error(413, f"THE LIMIT OF THE RESULT IS {heaviest} BYTES")
    return answer


def window(tenant: Tenant, ask: Ask) -> tuple[datetime, datetime]:
    """In wall time, both ends included."""
    return _wall_time(tenant, ask, "date_ini"), _wall_time(tenant, ask, "date_end")


def _calls(tenant: Tenant, name: str, since: datetime, until: datetime) -> list[Any]:
    return [row for row in tenant.rows(name, since, until) if _is_within(row, since, until)]


def _totals(tenant: Tenant, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Totals that were put for the window's days; else those of the handled calls in it."""
    rows = tenant.totals(since.date(), until.date()) or [
        {"calls": "1", "agent_name": call["agent_name"], "cost": call["cost"]}
        for call in _calls(tenant, "cdr_1", since, until)
        if isinstance(call, dict) and {"agent_name", "cost"} <= call.keys()
    ]
    agents: dict[str, dict[str, Any]] = {}
    for row in rows:
        if (total := agents.get(row["agent_name"])) is None:
            agents[row["agent_name"]] = dict(row)
        else:
            total["calls"] = str(int(total["calls"]) + int(row["calls"]))
            total["cost"] = str(Decimal(total["cost"]) + Decimal(row["cost"]))
    return list(agents.values())


def _is_within(row: Any, since: datetime, until: datetime) -> bool:
    """A broken record is part of every window."""
    try:
        at = datetime.strptime(row["date"], RECORD_FORMAT).replace(tzinfo=since.tzinfo)
    except (KeyError, TypeError, ValueError):
        return True
    return since <= at <= until


def _wall_time(tenant: Tenant, ask: Ask, name: str) -> datetime:
    try:
        return datetime.strptime(ask.query[name], PARAMETER_FORMAT).replace(tzinfo=tenant.zone)
    except KeyError:
        raise RefusalError(error(400, "SOME PARAMETERS ARE REQUIRED")) from None
    except ValueError:
        raise RefusalError(error(400, "Validate dates entered")) from None


def key(row: dict[str, Any]) -> tuple[Any, ...]:
    """`conn_id` isn't known to be unique; a total has its agent only."""
    if "conn_id" not in row:
        return (row["agent_name"],)
    return (row["conn_id"], row["agent_id"], row["type_interaction"], row["date"])


API = Api(
    timezone="America/Bogota",
    reports=("cdr_1", "cdr_2", "cdr_5"),
    report=report,
    key=key,
    refuse=refuse,
    answer=answer,
    day=lambda row, zone: datetime.strptime(row["date"], RECORD_FORMAT).replace(tzinfo=zone).date(),
    over_limit=over_limit,
)
