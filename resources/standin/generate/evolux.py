"""Evolux: a call is listed when it has ended, its detail half a minute to three minutes later."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from resources.standin.answer import Record
from resources.standin.generate.day import Draft, Place
from resources.standin.generate.names import QUEUES_PT


def rows(_report: str, call: Draft, place: Place, now: datetime) -> list[Record]:
    if now < call.end:
        return []
    transferred = call.talk_s > 0
    return [
        {
            "exit_reason": "transfer" if transferred else "hangup",
            "system_hangup_reason": None if transferred else "hangup_task",
            "uuid": _uuid(call, place),
            "call_flow": {"id": call.queue + 1, "name": f"URA {QUEUES_PT[call.queue]}"},
            "start_time": call.start.isoformat(),
            "caller": call.number_of("1195"),
            "who_hangup": None if transferred else _who_hangup(call),
            "project": {"id": 1, "name": "Projeto Demo"},
            "end_time": call.end.isoformat(),
            "duration": call.wait_s + call.talk_s,
            "exit_transfer_destination": _destination(call) if transferred else None,
            "id": call.number,
            "did_number": f"55115550{call.queue:04}",
        }
    ]


def detail(call: Draft, place: Place, now: datetime) -> Record | None:
    if now < call.end + timedelta(seconds=30 + 150 * call.luck[0]):
        return None
    [listed] = rows("studio_calls", call, place, now)
    enter, leave = int(call.start.timestamp()), int(call.end.timestamp())
    return {
        "destination_number": listed["exit_transfer_destination"],
        "enter_time_epoch": enter,
        "call_flow_version": None,
        "exit_reason": listed["exit_reason"],
        "call_flow_name": listed["call_flow"]["name"],
        "executed_tasks": _tasks(call, enter, leave),
        "hostname": "demo.evolux.example",
        "who_hangup": listed["who_hangup"],
        "system_hangup_reason": listed["system_hangup_reason"],
        "source": "studio",
        "call_flow_id": str(listed["call_flow"]["id"]),
        "session_uuid": str(uuid5(NAMESPACE_URL, f"{listed['uuid']}/session")),
        "caller_id_number": listed["caller"],
        "project_id": "1",
        "incoming_did": listed["did_number"],
        "project_name": listed["project"]["name"],
        "caller_id_name": f"{listed['caller']} - Cliente Exemplo",
        "exit_time_epoch": leave,
        "studio_version": "1.0.5",
        "tenant_domain": None,
        "call_uuid": listed["uuid"],
        "exit_transfer_destination": listed["exit_transfer_destination"],
    }


def _tasks(call: Draft, enter: int, leave: int) -> list[Record]:
    """Start, a menu that some callers hear twice, a look-up elsewhere, and the way out."""
    menu: tuple[str, str, Record] = ("menu", "Menu principal", {"timeout": 5})
    lookup: Record = {
        "data_type": "json",
        "url": f"https://crm.example/clientes/{call.subscriber}?token=demo-not-a-secret",
        "verify": True,
        "auth": None,
        "headers": {"Authorization": "Bearer demo-not-a-secret"},
        "params": {},
        "timeout": 30,
        "variable_name": "cliente",
        "data": {},
        "method": "GET",
    }
    steps: list[tuple[str, str, Record]] = [
        ("start", "Iniciar", {}),
        menu,
        *([menu] if call.luck[1] < 0.2 else []),
        ("http", "Consulta de cliente", lookup),
        ("transfer", "Transferir", {"destination": _destination(call)})
        if call.talk_s
        else ("hangup", "Desligar", {"cause": "NORMAL_CLEARING"}),
    ]
    edges = [enter + (leave - enter) * n // len(steps) for n in range(len(steps) + 1)]
    return [
        {
            "end_time_epoch": edges[n + 1],
            "task_id": str(uuid5(NAMESPACE_URL, f"flow/{call.queue}/{name}")),
            "task_raw_params": params,
            "task_description": description,
            "task_name": name,
            "start_time_epoch": edges[n],
        }
        for n, (name, description, params) in enumerate(steps)
    ]


def _uuid(call: Draft, place: Place) -> str:
    return str(uuid5(NAMESPACE_URL, f"{place.seed}/{call.number}"))


def _who_hangup(call: Draft) -> str:
    return "system" if call.luck[2] < 0.5 else "caller"


def _destination(call: Draft) -> str:
    return str(5050 + call.queue)
