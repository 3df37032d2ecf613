"""Wolkvox: the reports manager. One answer a window, without pages, every value a string.

The vendor's document is of `cdr_2` and names the limits; the other reports and the texts of the
errors are known from public material, so whatever of theirs isn't mapped stays in `attributes`.
"""

from datetime import timedelta

from resources.account import Limits
from resources.vendor_api.record_keys import key_of
from resources.vendor_api.vendor import Stream, Vendor
from resources.vendors.wolkvox.client import Wolkvox
from resources.vendors.wolkvox.mapping import (
    calls_to_facts,
    unconnected_to_facts,
    usage_to_facts,
)
from sql.vocabulary import Tells

DOCUMENT = "APIs Reports Manager: 2. Calls and telephone usage per agent"
PUBLIC = "APIs Reports Manager, known from public material"
KEY = ("conn_id", "agent_id", "type_interaction", "date")
"""`conn_id` alone isn't known to be unique."""

AGENT_USAGE = Stream(
    name="agent_usage",
    title="Calls and cost of each agent, by day (cdr_2)",
    document=DOCUMENT,
    table="agent_usage",
    read=Wolkvox.agent_usage,
    key=key_of("agent_name", is_name=True),
    normalise=usage_to_facts,
    live="day",
    settle=timedelta(days=1),
)
CALLS = Stream(
    name="calls",
    title="Calls that agents handled (cdr_1)",
    document=PUBLIC,
    table="calls",
    read=Wolkvox.calls,
    key=key_of(*KEY),
    normalise=calls_to_facts,
    lookback=timedelta(hours=2),
    settle=timedelta(days=3),
    settle_every=timedelta(hours=12),
    spans_days=True,
)
UNCONNECTED_CALLS = Stream(
    name="unconnected_calls",
    title="Calls that weren't connected (cdr_5)",
    document=PUBLIC,
    table="calls",
    read=Wolkvox.unconnected_calls,
    key=key_of(*KEY, optional={"agent_id"}),  # nobody may have been there to take it
    normalise=unconnected_to_facts,
    spans_days=True,
)

VENDOR = Vendor(
    name="wolkvox",
    title="Wolkvox",
    timezone="America/Bogota",
    country="CO",
    client=Wolkvox,
    streams=(AGENT_USAGE, CALLS, UNCONNECTED_CALLS),
    requests_per_license=1000,
    poll_every=timedelta(minutes=5),
    tells=dict.fromkeys((Tells.TALK, Tells.AGENTS, Tells.QUEUES, Tells.COSTS), (CALLS.name,))
    | {Tells.ABANDONED: (CALLS.name, UNCONNECTED_CALLS.name)},
    limits=Limits(
        min_interval_s=300,
        concurrency=1,
        max_window_days=31,
        max_records=60_000,
        max_bytes=256 * 1024 * 1024,
        timeout_s=60,
        sources={
            "min_interval_s": f'{DOCUMENT}: "a consumption every 5 minutes"',
            "concurrency": f'{DOCUMENT}: "the same token cannot be consumed simultaneously" '
            '(and "2 simultaneous requests": the stricter counts)',
            "daily_requests": f'{DOCUMENT}: "number of licenses multiplied by 1000"',
            "max_window_days": f"{DOCUMENT}: 31 days",
            "max_records": f"{DOCUMENT}: 60,000 records",
            "max_bytes": f"{DOCUMENT}: 256 MB",
            "timeout_s": f"{DOCUMENT}: 60 seconds",
        },
    ),
)
