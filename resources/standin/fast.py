"""Tenants for benchmarks: records serialised once, so that the server isn't the bottleneck.

Each record is written to a file at the start, in the order of its time; a window is found by
bisection and a page is one read. Everything is counted out, nothing is drawn: the same size gives
the same bytes, on any machine.
"""

from __future__ import annotations

import os
import weakref
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import orjson

from resources.standin.answer import Answer, Ask, Record, RefusalError
from resources.standin.apis import clickfono, conpeek, evolux, wolkvox
from resources.standin.server import StandIn
from resources.standin.tenant import Tenant

DAYS = 30
CALL_S = 180
STEPS = (
    ("start", "Iniciar"),
    ("menu", "Menu principal"),
    ("http", "Consulta de cliente"),
    ("transfer", "Transferir"),
)
"""Of every flow."""
"""Every call lasts as long, so that the order by start is the order by end as well."""
NO_LIMITS: dict[str, Any] = {
    "concurrency": None,
    "requests_per_s": None,
    "min_interval_s": 0,
    "daily_requests": None,
}


@dataclass(frozen=True)
class Sizes:
    """How many records each vendor has, spread evenly over the days."""

    dialogs: int = 200_000
    calls: int = 200_000
    handled: int = 60_000
    requests: int = 200_000
    days: int = DAYS


class Book:
    """Serialised records in the order of their time, in a file that is gone with the process."""

    def __init__(self, records: Iterator[tuple[int, bytes]], directory: Path | None) -> None:
        self._times = array("q")
        self._ends = array("Q", [0])
        self._file, path = mkstemp(dir=directory)
        weakref.finalize(self, os.close, self._file)
        Path(path).unlink()
        with os.fdopen(self._file, "wb", closefd=False) as file:
            for at, record in records:
                self._times.append(at)
                self._ends.append(self._ends[-1] + len(record))
                file.write(record)

    def span(self, since: float, until: float) -> range:
        """The places of the records between these moments, both included."""
        return range(bisect_left(self._times, since), bisect_right(self._times, until))

    def time(self, place: int) -> int:
        """The second of the record at this place."""
        return self._times[place]

    def read(self, places: range) -> list[bytes]:
        """Records that follow each other, as they are."""
        if not places:
            return []
        ends = self._ends[min(places) : max(places) + 2]
        page = os.pread(self._file, ends[-1] - ends[0], ends[0])
        pieces = [page[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]
        return pieces if places.step > 0 else pieces[::-1]


Server = Callable[[Book, Tenant, Ask], Answer]


def _as_they_are(records: list[bytes]) -> list[orjson.Fragment]:
    return [orjson.Fragment(record) for record in records]


def register(
    standin: StandIn, first_day: date, sizes: Sizes, directory: Path | None = None
) -> dict[str, Tenant]:
    """`demo-fast` at four vendors, in UTC: no limits but those of size."""
    start = datetime.combine(first_day, time.min, UTC)
    shelves: dict[str, tuple[int, Callable[[int, datetime], bytes], Server]] = {
        "conpeek": (sizes.dialogs, _dialog, _serve_conpeek),
        "evolux": (sizes.calls, _call, _serve_evolux),
        "wolkvox": (sizes.handled, _handled, _serve_wolkvox),
        "clickfono": (sizes.requests, _request, _Retries()),
    }
    tenants = {}
    for vendor, (size, record, serve) in shelves.items():
        tenant = standin.tenant(vendor, "demo-fast", timezone="UTC", **NO_LIMITS)
        tenant.serve = _bound(serve, Book(_records(size, sizes.days, start, record), directory))
        tenants[vendor] = tenant
    return tenants


def _bound(serve: Server, book: Book) -> Callable[[Tenant, Ask], Answer]:
    return lambda tenant, ask: serve(book, tenant, ask)


def _records(
    size: int, days: int, start: datetime, record: Callable[[int, datetime], bytes]
) -> Iterator[tuple[int, bytes]]:
    for number in range(size):
        at = start + timedelta(seconds=number * days * 86_400 // size)
        yield int(at.timestamp()), record(number, at)


# Each vendor's answer, by its own rules for windows and pages.


def _serve_conpeek(book: Book, _tenant: Tenant, ask: Ask) -> Answer:
    """Bounds of `start_time` and `hangup_time` alone."""
    since, until = conpeek.EVER[0].timestamp(), conpeek.EVER[1].timestamp()
    for condition in conpeek.read_filter(ask):
        if condition["name"] not in ("start_time", "hangup_time"):
            raise RefusalError(conpeek.error(400, "the fast mode filters by time alone"))
        at = conpeek.instant(condition["value"]).timestamp()
        at -= CALL_S if condition["name"] == "hangup_time" else 0
        match condition.get("operator"):
            case "gt":
                since = max(since, at + 1)
            case "gte":
                since = max(since, at)
            case "lt":
                until = min(until, at - 1)
            case _:
                until = min(until, at)
    offset, limit = conpeek.count(ask, "offset", 0), conpeek.count(ask, "limit", 500)
    return conpeek.envelope(_as_they_are(book.read(book.span(since, until)[offset:][:limit])))


def _serve_evolux(book: Book, tenant: Tenant, ask: Ask) -> Answer:
    """The list, newest first; and the steps of each call."""
    if detail := evolux.DETAIL.fullmatch(ask.path):
        return _detail(detail["id"], book)
    since, until = evolux.window(tenant, ask)
    page, limit = int(ask.query.get("page", 1)), min(50, int(ask.query.get("limit", 50)))
    found = book.span(since.timestamp(), until.timestamp())[::-1]
    rows = _as_they_are(book.read(found[(page - 1) * limit :][:limit]))
    return evolux.envelope(ask, since, until, page, limit, len(found), rows)


def _detail(call_id: str, book: Book) -> Answer:
    number = int(call_id) - 1
    detail = _steps(number, datetime.fromtimestamp(book.time(number), UTC))
    return Answer(payload={"meta": {"status": 200, "message": "OK"}, "data": detail}, rows=[detail])


class _Retries:
    """Clickfono's days. At each further read half of their requests have been tried once more."""

    def __init__(self) -> None:
        self._reads: Counter[date] = Counter()

    def __call__(self, book: Book, tenant: Tenant, ask: Ask) -> Answer:
        day = clickfono.asked_day(tenant, ask)
        since = datetime.combine(day, time.min, UTC).timestamp()
        requests = book.read(book.span(since, since + 86_399))
        retry = f'"retry":"{1 + self._reads[day]}"'.encode()
        requests[::2] = [one.replace(b'"retry":"1"', retry) for one in requests[::2]]
        self._reads[day] += 1
        rows = _as_they_are(requests)
        return Answer(payload=rows, rows=rows) if rows else Answer(204)


def _serve_wolkvox(book: Book, tenant: Tenant, ask: Ask) -> Answer:
    """`cdr_1` alone."""
    since, until = wolkvox.window(tenant, ask)
    rows = _as_they_are(book.read(book.span(since.timestamp(), until.timestamp())))
    return wolkvox.envelope(tenant, "cdr_1", rows)


# Each vendor's record; together about as varied as real ones.


def _dialog(number: int, start: datetime) -> bytes:
    served = start + timedelta(seconds=5 + number % 40)
    end = start + timedelta(seconds=CALL_S)
    answered, inbound = number % 5 > 0, number % 3 > 0
    return orjson.dumps(
        {
            "dialog_uuid": f"00000000-0000-4000-8000-{number:012x}",
            "dialog_type": "EXTERNAL" if number % 2 else "CONSULTANT",
            "business_direction": "INBOUND" if inbound else "OUTBOUND",
            "business_end_cause": "DIALOG_LEFT" if answered else "NOT_ANSWERED",
            "from_display_target": f"4850{number % 9_999_991:07}",
            "to_display_target": f"48225550{number % 100:03}",
            "start_time": start.strftime(conpeek.TIME_FORMAT),
            "hangup_time": end.strftime(conpeek.TIME_FORMAT),
            "serve_time": served.strftime(conpeek.TIME_FORMAT) if answered else None,
            "talking_time": int((end - served).total_seconds() * 1000) if answered else 0,
            "alert_time": start.strftime(conpeek.TIME_FORMAT),
            "answer_time": served.strftime(conpeek.TIME_FORMAT) if answered else None,
            "ring_time": start.strftime(conpeek.TIME_FORMAT),
            "waiting_time": (5 + number % 40) * 1000,
            "first_queue_waiting_time": number % 40 * 1000 if inbound else None,
            "machine_detected": 0,
            "machine_detected_type": None,
            "project_id": number % 12,
            "project_name": f"Demo Projekt {number % 12}",
            "call_uuid": f"10000000-0000-4000-8000-{number // 2:012x}",
            "tenant_user_id": number % 250,
            "tenant_user_name": f"Konsultant Demo {number % 250}",
            "operator_call_id": f"demo-{number:020x}",
            "custom_tag_ids": [number % 7, number % 11],
        }
    )


def _call(number: int, start: datetime) -> bytes:
    flow, transferred = number % 20, number % 3 > 0
    return orjson.dumps(
        {
            "exit_reason": "transfer" if transferred else "hangup",
            "system_hangup_reason": None if transferred else "hangup_task",
            "uuid": f"00000000-0000-4000-8000-{number:012x}",
            "call_flow": {"id": flow, "name": f"URA Demo {flow}"},
            "start_time": start.isoformat(),
            "caller": f"119{number % 99_999_989:08}",
            "who_hangup": None if transferred else "system",
            "project": {"id": 1, "name": "Projeto Demo"},
            "end_time": (start + timedelta(seconds=CALL_S)).isoformat(),
            "duration": CALL_S,
            "exit_transfer_destination": "5050" if transferred else None,
            "id": number + 1,
            "did_number": None,
        }
    )


def _steps(number: int, start: datetime) -> Record:
    """The detail of a call, with four steps."""
    call = orjson.loads(_call(number, start))
    enter = int(start.timestamp())
    edges = [enter + CALL_S * n // len(STEPS) for n in range(len(STEPS) + 1)]
    return {
        "destination_number": call["exit_transfer_destination"],
        "enter_time_epoch": enter,
        "call_flow_version": None,
        "exit_reason": call["exit_reason"],
        "call_flow_name": call["call_flow"]["name"],
        "executed_tasks": [
            {
                "end_time_epoch": edges[n + 1],
                "task_id": f"20000000-0000-4000-8000-{n:012x}",
                "task_raw_params": {"timeout": 5 * n},
                "task_description": description,
                "task_name": name,
                "start_time_epoch": edges[n],
            }
            for n, (name, description) in enumerate(STEPS)
        ],
        "hostname": "demo.evolux.example",
        "who_hangup": call["who_hangup"],
        "system_hangup_reason": call["system_hangup_reason"],
        "source": "studio",
        "call_flow_id": str(call["call_flow"]["id"]),
        "session_uuid": f"10000000-0000-4000-8000-{number:012x}",
        "caller_id_number": call["caller"],
        "project_id": "1",
        "incoming_did": None,
        "project_name": call["project"]["name"],
        "caller_id_name": f"{call['caller']} - Cliente Exemplo",
        "exit_time_epoch": enter + CALL_S,
        "studio_version": "1.0.5",
        "tenant_domain": None,
        "call_uuid": call["uuid"],
        "exit_transfer_destination": call["exit_transfer_destination"],
    }


def _request(number: int, start: datetime) -> bytes:
    connected = number % 5 > 0
    return orjson.dumps(
        {
            "uuid": f"{number:032x}",
            "status": "Conectada" if connected else "Intentos terminados",
            "call_number_company": f"5622555{number % 4:04}",
            "retry": "1",
            "duration_company": str(20 + number % 300 if connected else 0),
            "duration_customer": str(number % 300 if connected else 0),
            "call_at": start.strftime(clickfono.TIME_FORMAT),
            "enqueued": False,
            "popup_uuid": f"0000000{number % 4}-0000-11e9-b8f9-0000000de300",
            "popup_name": f"Popup Demo {number % 4}",
            "additionals": {"Nombre": f"Cliente Ejemplo {number % 500}", "Rut": "11.111.111-1"},
            "caller_number": f"+5699{number % 9_999_991:07}",
        }
    )


def _handled(number: int, start: datetime) -> bytes:
    return orjson.dumps(
        {
            "agent_name": f"Agente Ejemplo {number % 250}",
            "date": start.strftime(wolkvox.RECORD_FORMAT),
            "destiny": "Bogotá Demo",
            "telephone": f"320{number % 9_999_991:07}",
            "cost": f"{number % 500 * 1.5:.2f}",
            "time_seg": str(number % 500),
            "time_min": f"{number % 500 / 60:.2f}",
            "cod_act": str(100 + number % 9),
            "description_cod_act": f"Demo cierre {number % 9}",
            "cod_act_2": "",
            "description_cod_act_2": "",
            "type_interaction": "inbound" if number % 2 else "outbound_ma",
            "customer_id": f"demo-{number}",
            "hang_up": "agent" if number % 3 else "customer",
            "campaign_id": str(700 + number % 5),
            "conn_id": f"{start.timestamp():.0f}.{number}",
            "skill_id": str(number % 12),
            "skill_name": f"Demo {number % 12}",
            "agent_id": str(9000 + number % 250),
            "comment": "",
        }
    )
