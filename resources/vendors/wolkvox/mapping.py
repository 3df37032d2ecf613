"""Wolkvox's records to facts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resources.account import Account
from resources.vendor_api.vendor import Facts, Record
from resources.vendors.wolkvox.client import TIME
from sql.vocabulary import Direction, Disposition, EndedBy, Grain

if TYPE_CHECKING:
    from resources.vendor_api.normalise import Columns
    from resources.vendor_api.series import Column

DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "out_pre": Direction.OUTBOUND,
    "outbound_ma": Direction.OUTBOUND,
    "internal call": Direction.INTERNAL,
    "internal call_inb": Direction.INTERNAL,
    "internal call_que": Direction.INTERNAL,
    "conference": Direction.UNKNOWN,
    "transfer": Direction.UNKNOWN,
}
DISPOSITIONS = {
    "Cancel": Disposition.CANCELED,
    "Chanunavail": Disposition.FAILED,
    "Congestion": Disposition.FAILED,
    "Busy": Disposition.BUSY,
    "No answer": Disposition.NO_ANSWER,
    "Tcpa": Disposition.BLOCKED,
    "Do not call": Disposition.BLOCKED,
}
ENDED_BY = {"agent": EndedBy.AGENT, "customer": EndedBy.CUSTOMER}


def usage_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.agent_usage`: totals have no time of their own, they belong to the day asked for."""
    import pandas as pd

    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    cost = columns.decimal("cost")
    usage = pd.DataFrame(
        {
            "agent_name": columns.text("agent_name", required=True),
            "calls": columns.integer("calls"),
            "cost": cost,
            "currency": _currency(cost, account),
            "attributes": columns.rest(),
        }
    )
    return columns.facts(None, {"agent_usage": usage}, None)


def calls_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls` of `cdr_1`: every record is a call that an agent spoke in.

    `time_seg` is all that is said of its length, so it is both `duration_s` and `talk_s`.
    """
    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    spoken = columns.seconds("time_seg")
    cost = columns.decimal("cost")
    ended_by = columns.mapped("hang_up", ENDED_BY, EndedBy.UNKNOWN)
    return _calls_to_facts(
        columns,
        ("hang_up", "time_min", "cod_act_2", "description_cod_act_2", "comment"),
        {
            "duration_s": spoken,
            "talk_s": spoken,
            "disposition": Disposition.ANSWERED,
            "ended_by": ended_by.where(columns.text("hang_up").notna(), None),
            "queue_id": columns.text("skill_id"),
            "queue_name": columns.text("skill_name"),
            "wrapup_code": columns.text("cod_act"),
            "wrapup_name": columns.text("description_cod_act"),
            "cost": cost,
            "currency": _currency(cost, account),
        },
    )


def unconnected_to_facts(records: Sequence[Record], account: Account) -> Facts:
    """`facts.calls` of `cdr_5`: what became of a call is its `result`."""
    from resources.vendor_api.normalise import Columns

    columns = Columns(records, account)
    return _calls_to_facts(
        columns,
        (),
        {
            "ring_s": columns.seconds("ring_time"),
            "disposition": columns.mapped("result", DISPOSITIONS, Disposition.UNKNOWN),
            "disposition_raw": columns.text("result"),
        },
    )


def _calls_to_facts(
    columns: "Columns", kept: tuple[str, ...], own: "dict[str, Column | str]"
) -> Facts:
    """What both reports of calls have in common.

    `telephone` is the other side's number: which end of the call that was is known of inbound
    and outbound calls only.
    """
    import pandas as pd

    started_at = columns.local("date", TIME, required=True)
    direction = columns.mapped("type_interaction", DIRECTIONS, Direction.UNKNOWN)
    telephone = columns.text("telephone")
    from_number = telephone.where(direction == Direction.INBOUND, None)
    to_number = telephone.where(direction == Direction.OUTBOUND, None)
    calls = pd.DataFrame(
        {
            "grain": Grain.CALL,
            "direction": direction,
            "started_at": started_at,
            "from_number": from_number,
            "to_number": to_number,
            "from_e164": columns.e164(from_number),
            "to_e164": columns.e164(to_number),
            "is_final": True,
            "agent_id": columns.text("agent_id"),
            "agent_name": columns.text("agent_name"),
            "campaign_id": columns.text("campaign_id"),
            **own,
            "attributes": columns.rest(
                "conn_id", "type_interaction", "telephone", "destiny", "customer_id", *kept
            ),
        }
    )
    return columns.facts(started_at, {"calls": calls}, None)


def _currency(cost: "Column", account: Account) -> "Column":
    """The account's currency beside each cost: the vendor names none."""
    return cost.where(cost.isna(), account.currency)
