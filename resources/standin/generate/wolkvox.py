"""Wolkvox: handled calls in `cdr_1`, unconnected ones in `cdr_5`; `cdr_2` is added up from them.

A wrap-up code comes when the agent gets round to it: at once, within hours, or days later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from resources.standin.answer import Record
from resources.standin.generate.day import Draft, Place
from resources.standin.generate.names import QUEUES_ES, SPANISH

WRAP_UPS = (("101", "Demo venta"), ("102", "Demo consulta"), ("103", "Demo reclamo"))
RESULTS = ("Cancel", "Chanunavail", "Congestion", "Busy", "No answer", "Tcpa", "Do not call")


def rows(report: str, call: Draft, place: Place, now: datetime) -> list[Record]:
    if now < call.end or (report == "cdr_1") != (call.talk_s > 0) or report == "cdr_2":
        return []
    common = {
        "agent_name": SPANISH[call.agent],
        "date": call.start.astimezone(place.zone).strftime("%Y-%m-%d %H:%M:%S"),
        "destiny": "Bogotá Demo",
        "telephone": call.number_of("320"),
        "type_interaction": "inbound" if call.inbound else "outbound_ma",
        "customer_id": f"demo-{call.subscriber}",
        "campaign_id": "" if call.inbound else str(700 + call.queue),
        "conn_id": f"{call.start.timestamp():.0f}.{call.number}",
        "agent_id": str(9000 + call.agent),
    }
    return [_handled(common, call, now) if report == "cdr_1" else _unconnected(common, call)]


def _handled(common: Record, call: Draft, now: datetime) -> Record:
    code, description = WRAP_UPS[int(call.luck[0] * 3)] if _is_wrapped_up(call, now) else ("", "")
    return {
        **common,
        "cost": f"{call.talk_s * 1.5:.2f}",
        "time_seg": str(call.talk_s),
        "time_min": f"{call.talk_s / 60:.2f}",
        "cod_act": code,
        "description_cod_act": description,
        "cod_act_2": "",
        "description_cod_act_2": "",
        "hang_up": "agent" if call.luck[1] < 0.4 else "customer",
        "skill_id": str(call.queue + 1),
        "skill_name": QUEUES_ES[call.queue],
        "comment": "",
    }


def _is_wrapped_up(call: Draft, now: datetime) -> bool:
    luck, share = call.luck[2], call.luck[3]
    late = timedelta(seconds=20 + 60 * share)
    if luck > 0.7:
        late = timedelta(hours=4 * share)
    if luck > 0.95:
        late = timedelta(days=2 * share)
    return now >= call.end + late


def _unconnected(common: Record, call: Draft) -> Record:
    result = "Cancel" if call.inbound else RESULTS[int(call.luck[0] * len(RESULTS))]
    return {**common, "ring_time": str(call.wait_s), "result": result}
