"""`facts.call_legs`: the sides of a call."""

from dataclasses import replace

from sql.facts.common import (
    ACCOUNT,
    ATTRIBUTES,
    CALL_DATE,
    CALLER_KEY,
    DIRECTION,
    END_REASON,
    ENDED_AT,
    FIRST_SEEN_AT,
    FROM_E164,
    FROM_NUMBER,
    MISSING_SINCE,
    STARTED_AT,
    STREAM,
    TO_E164,
    TO_NUMBER,
    UPDATED_AT,
    VENDOR,
)
from sql.table import Column, Kind, Source, Table

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
