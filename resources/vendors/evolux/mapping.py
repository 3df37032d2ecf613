"""Evolux's records to facts."""

from collections.abc import Sequence

from resources.account import Account
from resources.text.payload import listed
from resources.vendor_api.vendor import Facts, Record
from sql.vocabulary import Direction, Disposition, EndedBy, Grain

DISPOSITIONS = {"transfer": Disposition.TRANSFERRED, "hangup": Disposition.IVR_CONTAINED}
ENDED_BY = {
    "system": EndedBy.SYSTEM,
    "caller": EndedBy.CUSTOMER,
    "customer": EndedBy.CUSTOMER,
    "agent": EndedBy.AGENT,
}
"""The document shows `system` alone; the rest is assumed, and checked as any new value is."""
OWN_END = "hangup_task"
"""The `system_hangup_reason` of a flow that reached a hang-up of its own."""
DETAIL_FIELDS = (
    "call_flow_id", "call_flow_name", "call_flow_version", "call_uuid", "caller_id_name",
    "caller_id_number", "destination_number", "enter_time_epoch", "exit_reason",
    "exit_time_epoch", "exit_transfer_destination", "hostname", "incoming_did", "project_id",
    "project_name", "session_uuid", "source", "studio_version", "system_hangup_reason",
    "tenant_domain", "who_hangup",
)  # fmt: skip
"""What a detail says beside its tasks: the call's own fields under other names and types."""


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls`, grain `ivr_session`.

    A flow that hung up by itself, or doesn't say who did, contained the call; a caller who hung
    up abandoned it. A system that ended it for any other reason than the flow's own is `unknown`:
    neither is known then. So is one of which either couldn't be read, or that somebody hung up whom
    nobody knows. A time of end that can't be read is one all the same.
    """
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    columns.text("id", required=True)
    exit_reason = columns.text("exit_reason")
    who = columns.text("who_hangup")
    end_reason = columns.one_of("system_hangup_reason", [OWN_END])
    started_at = columns.instant("start_time", required=True)
    ended_at = columns.end("end_time", columns.instant("end_time"), started_at)
    from_number = columns.text("caller")
    to_number = columns.text("did_number")
    ended_by = columns.mapped("who_hangup", ENDED_BY, EndedBy.UNKNOWN).where(who.notna(), None)
    is_open = ended_at.isna() & exit_reason.isna() & ~columns.unread("end_time", "exit_reason")

    disposition = columns.mapped("exit_reason", DISPOSITIONS, Disposition.UNKNOWN).astype(object)
    hung_up = disposition == Disposition.IVR_CONTAINED  # what that is says who did
    disposition[hung_up & (end_reason.notna() & (end_reason != OWN_END))] = Disposition.UNKNOWN
    disposition[hung_up & (ended_by == EndedBy.UNKNOWN)] = Disposition.UNKNOWN
    disposition[hung_up & columns.unread("who_hangup", "system_hangup_reason")] = (
        Disposition.UNKNOWN
    )
    disposition[hung_up & (ended_by == EndedBy.CUSTOMER)] = Disposition.ABANDONED
    disposition[is_open] = Disposition.IN_PROGRESS

    calls = pd.DataFrame(
        {
            "grain": Grain.IVR_SESSION,
            "direction": Direction.INBOUND,
            "started_at": started_at,
            "ended_at": ended_at,
            "duration_s": columns.seconds("duration"),
            "from_number": from_number,
            "to_number": to_number,
            "from_e164": columns.e164(from_number),
            "to_e164": columns.e164(to_number),
            "disposition": disposition,
            "disposition_raw": exit_reason,
            "is_final": ~is_open,
            "ended_by": ended_by,
            "end_reason": end_reason,
            "flow_id": columns.text("call_flow.id"),
            "flow_name": columns.text("call_flow.name"),
            "transferred_to": columns.text("exit_transfer_destination"),
            "attributes": columns.rest("uuid", "project.id", "project.name"),
        }
    )
    return columns.facts(started_at, {"calls": calls}, is_open)


def details_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.call_events`: a row a task, `position` from 1; a flow that loops repeats a task.

    A detail is nothing without its list of tasks; a task of which something can't be read stays.
    """
    from resources.vendor_api.normalise import NO_LIST, Columns

    columns = Columns(records, account)
    tasks = columns.values("executed_tasks").map(listed)
    columns.reject(tasks.isna(), "executed_tasks", "missing")
    columns.reject(~tasks.map(lambda value: isinstance(value, list)), "executed_tasks", NO_LIST)
    columns.rest(*DETAIL_FIELDS)
    steps = columns.parts("executed_tasks")
    started_at = steps.epoch("start_time_epoch")
    events = steps.rows(
        {
            "task_id": steps.text("task_id"),
            "task_name": steps.text("task_name"),
            "description": steps.text("task_description"),
            "started_at": started_at,
            "ended_at": steps.end("end_time_epoch", steps.epoch("end_time_epoch"), started_at),
            "params": steps.object("task_raw_params"),
            "attributes": steps.rest(),
        }
    )
    return columns.facts(None, {"call_events": events})
