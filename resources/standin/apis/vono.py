"""Vono: recordings by local wall time with start and limit, and the MP3 behind each.

The credentials are part of the path. The document spells the path in three ways and all of them
work here. Whether the times bound the whole span or each of its days isn't said: the span, here.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from resources.standin.answer import Answer, Api, Ask, RefusalError
from resources.standin.quirks import Listing

if TYPE_CHECKING:
    from resources.standin.tenant import Tenant

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_PATH = re.compile(
    r"/?(?:api/)?recording/(?P<token>[^/]+)/(?P<key>[^/]+)(?:/(?P<subscriber>\d+))?/?"
)
_SIZE = re.compile(r"(?P<number>[\d.]+(?:,\d+)?) (?P<unit>[KMG]?b)")
_UNITS = {"b": 1, "Kb": 1024, "Mb": 1024**2, "Gb": 1024**3}


def error(status: int, reason: str) -> Answer:
    return Answer(status, {"error": 1, "reason": reason})


def refuse(tenant: Tenant, ask: Ask) -> Answer | None:
    path = _PATH.fullmatch(ask.path)
    if path is None:
        return error(404, "Not Found")
    known = (path["token"], path["key"]) == (tenant.token, tenant.key)
    return None if known else error(403, "Token ou chave inválida")


def redact(path: str) -> str:
    """The path without its credentials, for the stand-in's own log."""
    return re.sub(r"recording/[^/]+/[^/?]+", "recording/TOKEN/KEY", path)


def report(ask: Ask) -> str:
    return "recording_audio" if ask.query.get("is_download") == "1" else "recording"


def answer(tenant: Tenant, ask: Ask) -> Answer:
    if report(ask) == "recording_audio":
        return _download(tenant, ask)
    path = _PATH.fullmatch(ask.path)
    subscriber = path["subscriber"] if path else None
    record_id = ask.query.get("id_record")
    since, until = window(tenant, ask)
    until = tenant.until(until)
    found = [
        row
        for row in tenant.rows("recording", since, until)
        if not isinstance(row, dict)
        or (
            subscriber in (None, str(row.get("customer_id")))
            and (_is_within(row, since, until) if record_id is None else _is(row, record_id))
        )
    ]
    start, limit = _count(ask, "start", 0), _count(ask, "limit", 100)
    return envelope(tenant.listing(found, start, limit), limit)


def envelope(listing: Listing, limit: int) -> Answer:
    """A page of the list, under the size that was asked for."""
    found, rows = listing.rows, listing.page
    seconds = sum(_number(row, "duration") for row in found)
    payload: dict[str, Any] = {
        "error": 0,
        "reason": "OK",
        "total_records": listing.total,
        "total_time": seconds,
        "total_time_text": duration_text(seconds),
        "total_size": size_text(sum(_bytes(row) for row in found)),
        "limit": limit,
        "offset": listing.told_start,
        "records": len(rows),
        "data": rows,
    }

    def set_total(total: int | None) -> None:
        payload["total_records"] = total
        if total is None:
            del payload["total_records"]

    return Answer(payload=payload, rows=rows, set_total=set_total)


def _download(tenant: Tenant, ask: Ask) -> Answer:
    audio = tenant.attachment(ask.query.get("id_record", ""))
    if audio is None:
        return error(404, "Gravação não encontrada")
    return Answer(body=audio, headers={"content-type": "audio/mpeg"})


def window(tenant: Tenant, ask: Ask) -> tuple[datetime, datetime]:
    """Blank times, as in the document's sample, are the ends of the day."""
    today = tenant.clock.now().astimezone(tenant.zone).date().isoformat()

    def at(date_name: str, time_name: str, end_of_day: str) -> datetime:
        text = f"{ask.query.get(date_name) or today} {ask.query.get(time_name) or end_of_day}"
        try:
            return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=tenant.zone)
        except ValueError:
            raise RefusalError(error(400, f"{date_name}/{time_name}: {text}")) from None

    return at("date_ini", "time_ini", "00:00:00"), at("date_end", "time_end", "23:59:59")


def duration_text(seconds: int) -> str:
    """As the samples spell it: `1 min 08 seg`, `1.486 min 47 seg`."""
    return f"{seconds // 60:,} min {seconds % 60:02} seg".replace(",", ".")


def size_text(size: int) -> str:
    """As the samples spell it: `267,86 Kb`, `333,95 Mb`."""
    unit = "Mb" if size >= _UNITS["Mb"] else "Kb"
    return f"{size / _UNITS[unit]:.2f} {unit}".replace(".", ",")


def _bytes(row: Any) -> int:
    found = _SIZE.fullmatch(str(row.get("size"))) if isinstance(row, dict) else None
    if found is None:
        return 0
    return int(Decimal(found["number"].replace(".", "").replace(",", ".")) * _UNITS[found["unit"]])


def _number(row: Any, name: str) -> int:
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, int) else 0


def _is(row: dict[str, Any], record_id: str) -> bool:
    return str(row.get("record_id")) == record_id


def _is_within(row: dict[str, Any], since: datetime, until: datetime) -> bool:
    """A broken record is part of every window."""
    try:
        at = datetime.strptime(row["calldate"], TIME_FORMAT).replace(tzinfo=since.tzinfo)
    except (KeyError, TypeError, ValueError):
        return True
    return since <= at <= until


def _count(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name) or str(default)
    if not text.isdecimal():
        raise RefusalError(error(400, f"{name}: {text}"))
    return int(text)


API = Api(
    timezone="America/Sao_Paulo",
    reports=("recording",),
    report=report,
    key=lambda row: (row["customer_id"], row["record_id"]),
    refuse=refuse,
    answer=answer,
    day=lambda row, zone: (
        datetime.strptime(row["calldate"], TIME_FORMAT).replace(tzinfo=zone).date()
    ),
)
