"""Conpeek: the customer's leg, and a consultant's leg for everyone who was rung.

A dialog is there from its start, without `hangup_time` until it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from resources.standin.answer import Record
from resources.standin.generate.day import Draft, Place

LINES = {"Europe/Warsaw": "4822555", "Europe/London": "44207946"}
"""Where the invented centre's own numbers begin, by time zone: London's are kept for fiction."""
MOBILES = {"Europe/London": "44740"}
"""Where the customers' begin, if not as in Poland."""


def rows(_report: str, call: Draft, place: Place, now: datetime) -> list[Record]:
    machine = not call.inbound and not call.talk_s and call.luck[0] < 0.3
    legs = [Leg("EXTERNAL", 0, call.start, call.end, machine)]
    answering = call.start + timedelta(seconds=call.wait_s)
    if call.luck[1] < 0.25 and call.inbound:
        missed = call.start + timedelta(seconds=call.wait_s // 2)
        legs.append(Leg("CONSULTANT", 1, missed, answering, talked=False))
    if call.talk_s or not call.inbound:
        legs.append(Leg("CONSULTANT", 2, call.start, call.end))
    return [
        _as_of(now, _record(call, place, leg)) for leg in legs if _text(leg.start) <= _text(now)
    ]


@dataclass(frozen=True, slots=True)
class Leg:
    """Whose leg of a call it is, and when it was there."""

    kind: str
    number: int
    start: datetime
    end: datetime
    machine: bool = False
    talked: bool = True


def _record(call: Draft, place: Place, leg: Leg) -> Record:
    served = call.start + timedelta(seconds=call.wait_s) if call.talk_s and leg.talked else None
    centre = LINES.get(place.zone.key, "4800555") + f"{call.queue:04}"
    customer = call.number_of(MOBILES.get(place.zone.key, "4850"))
    agent = f"demo-agent-{call.agent + (leg.number == 1):02}"
    inner, outer = (agent, centre) if leg.kind == "CONSULTANT" else (centre, customer)
    rung = leg.start + timedelta(seconds=1)
    return {
        "dialog_uuid": str(uuid5(NAMESPACE_URL, f"{place.seed}/{call.number}/{leg.number}")),
        "dialog_type": leg.kind,
        "business_direction": "INBOUND" if call.inbound else "OUTBOUND",
        "business_end_cause": "DIALOG_LEFT" if served else "NOT_ANSWERED",
        "from_display_target": outer if call.inbound else inner,
        "to_display_target": inner if call.inbound else outer,
        "start_time": _text(leg.start),
        "hangup_time": _text(leg.end),
        "serve_time": _text(served) if served else None,
        "talking_time": call.talk_s * 1000 if served else 0,
        "alert_time": _text(rung),
        "answer_time": _text(served or rung) if served or leg.machine else None,
        "ring_time": _text(rung),
        "waiting_time": call.wait_s * 1000,
        "first_queue_waiting_time": call.wait_s * 1000 if call.inbound else None,
        "machine_detected": int(leg.machine),
        "machine_detected_type": "AMD" if leg.machine else None,
        "project_id": call.queue + 1,
        "project_name": f"Demo Projekt {call.queue + 1}",
    }


def _as_of(now: datetime, leg: Record) -> Record:
    """What is still to come isn't known yet."""
    clock = _text(now)
    if leg["hangup_time"] <= clock:
        return leg
    unknown = {"hangup_time": None, "business_end_cause": None, "talking_time": 0}
    later = {
        name: None
        for name in ("serve_time", "answer_time", "alert_time", "ring_time")
        if leg[name] is not None and leg[name] > clock
    }
    return {**leg, **unknown, **later}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
