"""`facts.calls`: calls, and what vendors report in their place."""

from dataclasses import replace

from sql.facts.common import (
    ACCOUNT,
    ATTRIBUTES,
    CALL_DATE,
    CALLER_KEY,
    CURRENCY,
    DIRECTION,
    END_REASON,
    ENDED_AT,
    FIRST_SEEN_AT,
    FROM_E164,
    FROM_NUMBER,
    MISSING_SINCE,
    STARTED_AT,
    STARTED_LOCAL,
    STREAM,
    TO_E164,
    TO_NUMBER,
    UPDATED_AT,
    VENDOR,
)
from sql.table import Column, Kind, Source, Table
from sql.vocabulary import Disposition, EndedBy, Grain

CALLS = Table(
    name="calls",
    meaning=(
        "One call in its latest state. What one row counts differs by vendor: always filter or "
        "group by grain"
    ),
    kind=Kind.RECORD,
    row_key=("call_id",),
    record_key=("call_id",),
    columns=(
        replace(
            CALL_DATE,
            meaning=f"{CALL_DATE.meaning}. The partition: filter by it, and a query reads only "
            "those days",
        ),
        ACCOUNT,
        STREAM,
        Column(
            "call_id",
            "text",
            "The vendor's key of the record; unique with account and stream (facts.find_calls "
            "finds one by it alone)",
            personal=False,
            required=True,
            source=Source.LOADER,
        ),
        VENDOR,
        Column(
            "grain",
            "text",
            "What one row is: call (somebody's call), ivr_session (a pass through an IVR flow), "
            "callback_request (a request to be called, with all its attempts), recorded_call (a "
            "call of which a recording exists; others are absent). Never add rows of different "
            "grains",
            personal=False,
            required=True,
            vocabulary=Grain,
        ),
        DIRECTION,
        STARTED_AT,
        STARTED_LOCAL,
        Column(
            "answered_at",
            "timestamptz",
            "When the conversation began. NULL: nobody answered, or the vendor doesn't say when",
            personal=False,
        ),
        ENDED_AT,
        Column(
            "duration_s",
            "double precision",
            "Seconds from start to end. NULL: not known (yet); never 0 for unknown",
            personal=False,
            unit="s",
        ),
        Column(
            "talk_s",
            "double precision",
            "Seconds of conversation. NULL: not known; 0: the vendor says that nobody talked",
            personal=False,
            unit="s",
        ),
        Column(
            "wait_s",
            "double precision",
            "Seconds that the caller waited for an answer, in queues or ringing. NULL: the vendor "
            "doesn't say",
            personal=False,
            unit="s",
        ),
        Column(
            "ring_s",
            "double precision",
            "Seconds that a phone rang. NULL: the vendor doesn't say",
            personal=False,
            unit="s",
        ),
        FROM_NUMBER,
        TO_NUMBER,
        replace(FROM_E164, indexed=True),
        replace(TO_E164, indexed=True),
        replace(CALLER_KEY, indexed=True),
        Column(
            "disposition",
            "text",
            "How it ended, in one vocabulary for all vendors. What it counts as is in outcome",
            personal=False,
            required=True,
            vocabulary=Disposition,
        ),
        Column(
            "outcome",
            "text",
            "What it counts as: answered, abandoned, unanswered, handed_on or contained (by an "
            "IVR), not_offered, open (not final) or unknown. A rate's denominator is answered + "
            "abandoned + unanswered",
            personal=False,
            required=True,
            source=Source.GENERATED,
            generated="facts.outcome(disposition, direction, is_final)",
        ),
        Column(
            "disposition_raw",
            "text",
            "How it ended, in the vendor's own word",
            personal=False,
            mask="numbers",
        ),
        Column(
            "is_final",
            "boolean",
            "false: the vendor may still change it (it goes on, or will be tried again), so its "
            "figures aren't final",
            personal=False,
            required=True,
        ),
        Column(
            "ended_by",
            "text",
            "Who hung up: agent, customer, system or unknown. NULL: the vendor doesn't report it",
            personal=False,
            vocabulary=EndedBy,
        ),
        END_REASON,
        Column(
            "agent_id",
            "text",
            "The agent, by the vendor's key. NULL: none was involved, or the vendor doesn't say",
            personal=False,
        ),
        Column("agent_name", "text", "The agent's name", personal=False, agent=True),
        Column(
            "queue_id",
            "text",
            "What the call waited for, by the vendor's key: a queue, skill or popup",
            personal=False,
        ),
        Column("queue_name", "text", "The queue's, skill's or popup's name", personal=False),
        Column("campaign_id", "text", "The outbound campaign, by the vendor's key", personal=False),
        Column("campaign_name", "text", "The campaign's name", personal=False),
        Column("flow_id", "text", "The IVR flow, by the vendor's key", personal=False),
        Column("flow_name", "text", "The IVR flow's name", personal=False),
        Column(
            "attempt_no",
            "integer",
            "Of a callback request: the number of its latest attempt, from 1",
            personal=False,
        ),
        Column(
            "transferred_to",
            "text",
            "Where the call was passed on to; may be a number",
            personal=True,
            mask="number",
        ),
        Column(
            "wrapup_code",
            "text",
            "What the agent noted about the call afterwards, by the vendor's key; may come days "
            "later",
            personal=False,
        ),
        Column("wrapup_name", "text", "The wrap-up code's text", personal=False),
        Column(
            "cost",
            "numeric",
            "What the vendor charges for it, in currency. Never add different currencies",
            personal=False,
            unit="currency",
        ),
        CURRENCY,
        Column(
            "has_recording",
            "boolean",
            "Whether a recording exists. NULL: the vendor doesn't say",
            personal=False,
        ),
        ATTRIBUTES,
        FIRST_SEEN_AT,
        UPDATED_AT,
        MISSING_SINCE,
    ),
)
