"""`facts.agent_usage`: the totals of agents that a vendor adds up by day."""

from dataclasses import replace

from sql.facts.common import (
    ACCOUNT,
    ATTRIBUTES,
    CALL_DATE,
    CURRENCY,
    STREAM,
    VENDOR,
)
from sql.table import Column, Kind, Source, Table

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
