"""What the histories are about: one record, and how each vendor's API would show it.

Read from the vendors' documents, not from the mappings: what these say is what is being tested.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from resources.standin.tenant import Tenant

Payload = dict[str, Any]
ENDLESS = "7" * 5001


@dataclass(frozen=True)
class Thing:
    """A call, recording or agent's total at the vendor. `value` is what its facts must show; of
    one that is `garbled` they can't, and one that is `broken` is no fact at all.
    """

    number: int
    start: datetime
    end: datetime | None
    value: int
    garbled: bool = False
    broken: bool = False

    def day(self, zone: ZoneInfo) -> date:
        return self.start.astimezone(zone).date()


@dataclass(frozen=True)
class Kind:
    """One stream of one vendor, and how it shows a thing."""

    vendor: str
    stream: str
    zone: ZoneInfo
    table: str
    column: str
    """Where the facts show a thing's value."""
    show: Callable[[Thing, ZoneInfo], Payload]
    key_of: Callable[[Payload, date], str]
    """A payload's key in the warehouse; `day` is the one asked for."""
    value_field: str
    report: str | None = None
    page_rows: int = 0
    """Rows of a full page; 0: its lists have no pages."""
    tells_total: bool = False
    says_nothing_of_none: bool = False
    replaces: bool = False
    moves: bool = True
    until_final: bool = False

    def put(self, tenant: Tenant, thing: Thing) -> None:
        tenant.put([self.show(thing, self.zone)], self.report, self._shelf(thing))

    def remove(self, tenant: Tenant, thing: Thing) -> None:
        key = tenant.api.key(self.show(thing, self.zone))
        tenant.remove(key, self.report, self._shelf(thing))

    def key(self, thing: Thing) -> str:
        return self.key_of(self.show(thing, self.zone), thing.day(self.zone))

    def _shelf(self, thing: Thing) -> date | None:
        return thing.day(self.zone) if self.replaces else None

    def __str__(self) -> str:
        return f"{self.vendor}.{self.stream}"


def shown(thing: Thing, name: str, value: Any) -> Payload:
    """The value's field; and one that costs the whole record."""
    field = {name: "much" if thing.garbled else value}
    return field | {"checksum": ENDLESS} if thing.broken else field


def _utc(instant: datetime | None) -> str | None:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if instant else None


def _dialog(thing: Thing, _: ZoneInfo) -> Payload:
    return {
        "dialog_uuid": f"d-{thing.number}",
        "dialog_type": "EXTERNAL",
        "business_direction": "INBOUND",
        "start_time": _utc(thing.start),
        "hangup_time": _utc(thing.end),
        **shown(thing, "talking_time", thing.value * 1000),
        "from_display_target": "48505550100",
        "to_display_target": "600",
        "machine_detected": 0,
    }


def _callback(thing: Thing, zone: ZoneInfo) -> Payload:
    return {
        "uuid": f"{thing.number:032x}",
        "status": "Conectada" if thing.end else "En cola",
        "call_at": f"{thing.start.astimezone(zone):%Y/%m/%d %H:%M:%S %z}",
        **shown(thing, "duration_company", str(thing.value)),
        "duration_customer": "1",
        "enqueued": thing.end is None,
        "retry": "1",
        "caller_number": "+56987654321",
    }


def _session(thing: Thing, _: ZoneInfo) -> Payload:
    return {
        "id": thing.number,
        "uuid": str(thing.number),
        "start_time": thing.start.isoformat(),
        "end_time": thing.end and thing.end.isoformat(),
        "exit_reason": "transfer" if thing.end else None,
        **shown(thing, "duration", thing.value),
        "caller": "11999482052",
    }


def _recording(thing: Thing, zone: ZoneInfo) -> Payload:
    return {
        "record_id": thing.number,
        "customer_id": 3,
        "calldate": f"{thing.start.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "source": "9001",
        "destination": "9003",
        **shown(thing, "duration", thing.value),
        "size": "267,86 Kb",
    }


def _total(thing: Thing, _: ZoneInfo) -> Payload:
    calls = shown(thing, "calls", str(thing.value))
    return {"agent_name": f"Agent {thing.number}", **calls, "cost": "12.50"}


def _handled(thing: Thing, zone: ZoneInfo) -> Payload:
    return {
        "conn_id": f"c-{thing.number}",
        "agent_id": "7",
        "type_interaction": "inbound",
        "date": f"{thing.start.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "agent_name": "Agent 7",
        "telephone": "3204567890",
        **shown(thing, "time_seg", str(thing.value)),
        "cost": "12.50",
    }


def _unconnected(thing: Thing, zone: ZoneInfo) -> Payload:
    handled = _handled(thing, zone)
    return handled | {"ring_time": handled.pop("time_seg"), "result": "No answer"}


KINDS = (
    Kind(
        vendor="conpeek", stream="dialogs", zone=ZoneInfo("Europe/Warsaw"), table="call_legs",
        column="talk_s", show=_dialog, key_of=lambda payload, _: str(payload["dialog_uuid"]),
        value_field="talking_time", page_rows=500, until_final=True,
    ),
    Kind(
        vendor="clickfono", stream="calls", zone=ZoneInfo("America/Santiago"), table="calls",
        column="duration_s", show=_callback, key_of=lambda payload, _: str(payload["uuid"]),
        value_field="duration_company", until_final=True,
    ),
    Kind(
        vendor="evolux", stream="calls", zone=ZoneInfo("America/Santiago"), table="calls",
        column="duration_s", show=_session, key_of=lambda payload, _: str(payload["id"]),
        value_field="duration", page_rows=50, tells_total=True,
    ),
    Kind(
        vendor="vono", stream="recordings", zone=ZoneInfo("America/Sao_Paulo"),
        table="recordings", column="duration_s", show=_recording,
        key_of=lambda payload, _: f"{payload['customer_id']}/{payload['record_id']}",
        value_field="duration", page_rows=100, tells_total=True,
    ),
    Kind(
        vendor="wolkvox", stream="agent_usage", zone=ZoneInfo("America/Bogota"),
        table="agent_usage", column="calls", show=_total, report="cdr_2", tells_total=True,
        key_of=lambda payload, day: f"{day}/{payload['agent_name']}", value_field="calls",
        says_nothing_of_none=True, replaces=True, moves=False,
    ),
)  # fmt: skip
"""One stream a vendor: what the histories are about."""

HANDLED = Kind(
    vendor="wolkvox", stream="calls", zone=ZoneInfo("America/Bogota"), table="calls",
    column="duration_s", show=_handled, report="cdr_1", tells_total=True,
    key_of=lambda payload, _: "/".join(
        payload[field] for field in ("conn_id", "agent_id", "type_interaction", "date")
    ),
    value_field="time_seg", says_nothing_of_none=True,
)  # fmt: skip

UNCONNECTED = replace(
    HANDLED, stream="unconnected_calls", column="ring_s", report="cdr_5", value_field="ring_time",
    show=_unconnected,
)  # fmt: skip
