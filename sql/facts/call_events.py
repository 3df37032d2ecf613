"""`facts.call_events`: the steps of a call through an IVR flow."""

from dataclasses import replace

from sql.facts.common import (
    ACCOUNT,
    ATTRIBUTES,
    CALL_DATE,
    STREAM,
)
from sql.table import Column, Kind, Source, Table

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
