"""The tables of facts, each described once.

From here come the tables and their comments, COPY's columns, every statement that loads, counts or
checks them, the masked views, what Dagster shows of them and the analysts' page of tables. A new
column is an entry here, its value in a vendor's mapping, and a migration (docs/decisions/
facts-described-once.md).
"""

from dataclasses import replace

from sql.table import Column, Enrichment, Kind, Source, Table, Target, enrichments
from sql.vocabulary import Direction, Disposition, EndedBy, Grain

CALL_DATE = Column(
    "call_date",
    "date",
    "Business day: the local date of its start in the account's time zone",
    personal=False,
    required=True,
    source=Source.LOADER,
)
ACCOUNT = Column(
    "account",
    "text",
    "Account, as in accounts.toml",
    personal=False,
    required=True,
    source=Source.LOADER,
)
STREAM = Column(
    "stream",
    "text",
    "Stream of the vendor's that it came by, such as calls",
    personal=False,
    required=True,
    source=Source.LOADER,
)
VENDOR = Column(
    "vendor",
    "text",
    "The vendor, by its name in accounts.toml, such as wolkvox",
    personal=False,
    required=True,
    source=Source.LOADER,
)
DIRECTION = Column(
    "direction",
    "text",
    "inbound, outbound, internal, or unknown where the vendor doesn't say",
    personal=False,
    required=True,
    vocabulary=Direction,
)
STARTED_AT = Column(
    "started_at",
    "timestamptz",
    "When it began",
    personal=False,
    required=True,
    indexed=True,  # for those who filter by it alone: docs/decisions
)
STARTED_LOCAL = Column(
    "started_local",
    "timestamp",
    "When it began, by the clocks of the account's time zone. Two hours have one name when clocks "
    "go back: started_at tells them apart",
    personal=False,
    required=True,
    source=Source.DERIVED,
)
ENDED_AT = Column(
    "ended_at",
    "timestamptz",
    "When it ended; of vendors that tell no end (clickfono, wolkvox, vono): started_at + "
    "duration_s. NULL: still going on, or not known",
    personal=False,
)
FROM_NUMBER = Column(
    "from_number",
    "text",
    "Who called, as the vendor writes it",
    personal=True,
    mask="number",
)
TO_NUMBER = Column(
    "to_number",
    "text",
    "Who was called, as the vendor writes it",
    personal=True,
    mask="number",
)
FROM_E164 = Column(
    "from_e164",
    "text",
    "from_number in E.164 (+ and digits), by the account's country where it is national: the same "
    "in every vendor, so join by it. NULL for extensions and whatever isn't a telephone number",
    personal=True,
    mask="number",
)
TO_E164 = Column(
    "to_e164",
    "text",
    "to_number in E.164 (+ and digits), by the account's country where it is national: the same "
    "in every vendor, so join by it. NULL for extensions and whatever isn't a telephone number",
    personal=True,
    mask="number",
)
CALLER_KEY = Column(
    "caller_key",
    "text",
    "Stands for the customer's number: of inbound calls from_e164, of outbound ones to_e164, of an "
    "unknown direction the only one that is there. The same in every vendor, so count and join by "
    "it (it is a keyed hash, which tells nobody the number). NULL: no such number",
    personal=False,
    source=Source.DERIVED,
)
END_REASON = Column(
    "end_reason",
    "text",
    "Why it ended, in the vendor's own word",
    personal=False,
    mask="numbers",
)
CURRENCY = Column(
    "currency",
    "text",
    "ISO 4217 code of cost: the account's, as vendors name none. NULL where cost is",
    personal=False,
)
ATTRIBUTES = Column(
    "attributes",
    "jsonb",
    "What else the vendor says of it, unmapped",
    personal=True,
)
FIRST_SEEN_AT = Column(
    "first_seen_at",
    "timestamptz",
    "When Callhouse first saw it",
    personal=False,
    required=True,
    default="now()",
    source=Source.LOADER,
    kept=True,
)
UPDATED_AT = Column(
    "updated_at",
    "timestamptz",
    "When this row last changed in Callhouse; not a time of the vendor's",
    personal=False,
    required=True,
    default="now()",
    source=Source.CLOCK,
)
MISSING_SINCE = Column(
    "missing_since",
    "timestamptz",
    "Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it "
    "apart, as missing",
    personal=False,
    source=Source.LOADER,
)

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

CALL_LEGS = Table(
    name="call_legs",
    meaning="One side (leg) of a call: two or more rows a call, so never a count of calls",
    kind=Kind.RECORD,
    row_key=("leg_id",),
    record_key=("call_id",),
    columns=(
        CALL_DATE,
        ACCOUNT,
        STREAM,
        Column(
            "leg_id",
            "text",
            "The leg: the vendor's key of its record, with its position where that has several",
            personal=False,
            required=True,
            source=Source.ROW,
        ),
        Column(
            "call_id",
            "text",
            "The vendor's key of the record that it is in, and of its call in facts.calls. "
            "Of vendors whose records are legs, only the customer's side is there",
            personal=False,
            required=True,
            source=Source.LOADER,
        ),
        Column(
            "position",
            "integer",
            "The leg's place in its record, from 1. NULL: the record is this one leg",
            personal=False,
        ),
        VENDOR,
        Column(
            "leg_type",
            "text",
            "Whose side it is, in the vendor's word: EXTERNAL is the customer's, CONSULTANT an "
            "agent's",
            personal=False,
        ),
        DIRECTION,
        replace(STARTED_AT, meaning="When the leg began"),
        Column(
            "answered_at",
            "timestamptz",
            "When it was answered, technically: a machine may have. NULL: it wasn't",
            personal=False,
        ),
        ENDED_AT,
        Column(
            "duration_s",
            "double precision",
            "Seconds from start to end. NULL: not known (yet)",
            personal=False,
            unit="s",
        ),
        Column(
            "talk_s",
            "double precision",
            "Seconds of conversation. NULL: not known; 0: nobody talked",
            personal=False,
            unit="s",
        ),
        Column(
            "wait_s",
            "double precision",
            "Seconds of waiting. NULL: the vendor doesn't say",
            personal=False,
            unit="s",
        ),
        FROM_NUMBER,
        TO_NUMBER,
        FROM_E164,
        TO_E164,
        CALLER_KEY,
        Column(
            "machine_detected",
            "boolean",
            "Whether an answering machine took the call. NULL: the vendor doesn't say",
            personal=False,
        ),
        END_REASON,
        ATTRIBUTES,
        FIRST_SEEN_AT,
        UPDATED_AT,
        MISSING_SINCE,
    ),
)

CALL_EVENTS = Table(
    name="call_events",
    meaning="One step of a call's way through an IVR flow",
    kind=Kind.PART,
    row_key=("call_id", "position"),
    record_key=("call_id",),
    columns=(
        replace(CALL_DATE, meaning="Business day of the call that it belongs to"),
        ACCOUNT,
        STREAM,
        Column(
            "call_id",
            "text",
            "The call in facts.calls (of another stream of the same account)",
            personal=False,
            required=True,
            source=Source.LOADER,
        ),
        Column(
            "position",
            "integer",
            "The step's place, from 1. A task that a flow comes back to has several",
            personal=False,
            required=True,
        ),
        Column(
            "task_id",
            "text",
            "The flow's task, by the vendor's key; repeats where a flow loops",
            personal=False,
        ),
        Column("task_name", "text", "The kind of task, such as menu or transfer", personal=False),
        Column(
            "description",
            "text",
            "What the flow's author called the task",
            personal=False,
            mask="numbers",
        ),
        Column("started_at", "timestamptz", "When the step began", personal=False),
        Column(
            "ended_at",
            "timestamptz",
            "When it ended. NULL: the vendor doesn't say",
            personal=False,
        ),
        Column("params", "jsonb", "The task's settings, secrets redacted", personal=True),
        ATTRIBUTES,
    ),
)

RECORDINGS = Table(
    name="recordings",
    meaning="One recording file that the vendor lists; calls that weren't recorded are absent",
    kind=Kind.RECORD,
    row_key=("recording_id",),
    record_key=("recording_id",),
    columns=(
        replace(
            CALL_DATE,
            meaning="Business day: the local date of the call's start in the account's time zone",
        ),
        ACCOUNT,
        STREAM,
        Column(
            "recording_id",
            "text",
            "The vendor's key of the recording; its call in facts.calls has it as call_id",
            personal=False,
            required=True,
            source=Source.LOADER,
        ),
        VENDOR,
        replace(STARTED_AT, meaning="When the recorded call began"),
        Column(
            "duration_s",
            "double precision",
            "Seconds of the call. NULL: the vendor doesn't say",
            personal=False,
            unit="s",
        ),
        Column(
            "size_bytes",
            "bigint",
            "The file's size, about: the vendor rounds. NULL: not said",
            personal=False,
            unit="bytes",
        ),
        Column("size_raw", "text", "The size as the vendor writes it", personal=False),
        FROM_NUMBER,
        TO_NUMBER,
        Column(
            "audio_uri",
            "text",
            "Where the audio is kept. NULL: not fetched",
            personal=True,
            enrichment="audio",
        ),
        Column(
            "audio_sha256",
            "text",
            "SHA-256 of the audio file, in hex. NULL: not fetched",
            personal=False,
            enrichment="audio",
        ),
        FIRST_SEEN_AT,
        UPDATED_AT,
        MISSING_SINCE,
    ),
)

AGENT_USAGE = Table(
    name="agent_usage",
    meaning=(
        "One agent's totals of one business day, added up by the vendor: never add them to rows of "
        "facts.calls, which they contain"
    ),
    kind=Kind.SET,
    row_key=("agent_name",),
    record_key=("call_date", "agent_name"),
    columns=(
        replace(
            CALL_DATE, meaning="Business day that the totals are of, in the account's time zone"
        ),
        ACCOUNT,
        STREAM,
        Column(
            "agent_name",
            "text",
            "The agent; the vendor gives no other key",
            personal=False,
            agent=True,
            required=True,
        ),
        VENDOR,
        Column(
            "calls",
            "bigint",
            "Calls of the agent on that day, by the vendor's own count. NULL: not said",
            personal=False,
        ),
        Column(
            "cost",
            "numeric",
            "What the vendor charges for them, in currency. NULL: not said",
            personal=False,
            unit="currency",
        ),
        CURRENCY,
        ATTRIBUTES,
        Column(
            "observed_at",
            "timestamptz",
            "When these totals were read: those of a day that goes on are the totals so far",
            personal=False,
            required=True,
            source=Source.LOADER,
        ),
    ),
)

TABLES = {table.name: table for table in (CALLS, CALL_LEGS, CALL_EVENTS, RECORDINGS, AGENT_USAGE)}
"""By name, without the schema."""


def target(name: str) -> Target:
    """The table of this name, or the enrichment of one. Raises KeyError."""
    return TABLES.get(name) or _enrichments()[name]


def _enrichments() -> dict[str, Enrichment]:
    return {e.name: e for table in TABLES.values() for e in enrichments(table)}
