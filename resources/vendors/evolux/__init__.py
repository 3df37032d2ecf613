"""Evolux Studio: calls through IVR flows, and the steps that each of them took.

The vendor's document shows the dates only inside its own pagination URLs, so they are sent and
then looked for in the answer. Its values of `exit_reason` and `who_hangup` are those of its
samples; others are told as new. Its samples aren't valid JSON; the server's answers must be.
"""

from datetime import timedelta

from resources.account import Limits
from resources.text.redact import mask_requests
from resources.vendor_api.vendor import DetailStream, Stream, Vendor
from resources.vendors.evolux.client import KEY, Evolux
from resources.vendors.evolux.mapping import calls_to_facts, details_to_facts
from sql.vocabulary import Tells

DOCUMENT = "API - Relatório - Histórico de Chamadas - Studio"

CALLS = Stream(
    name="calls",
    title="Calls through Studio's flows",
    document=DOCUMENT,
    table="calls",
    read=Evolux.calls,
    key=KEY,
    normalise=calls_to_facts,
    live="since",
    lookback=timedelta(hours=1),  # a call is known by its start, but listed when it has ended
    settle=timedelta(hours=3),
    settle_every=timedelta(hours=3),
)

CALL_DETAILS = DetailStream(
    name="call_details",
    title="The steps of each call",
    document=DOCUMENT,
    table="call_events",
    of="calls",
    read=Evolux.call_detail,
    normalise=details_to_facts,
    redact=mask_requests,
)

VENDOR = Vendor(
    name="evolux",
    title="Evolux Studio",
    timezone="America/Sao_Paulo",
    country="BR",
    client=Evolux,
    streams=(CALLS, CALL_DETAILS),
    tells={Tells.IVR_STEPS: (CALL_DETAILS.name,)},
    limits=Limits(
        concurrency=4,
        requests_per_s=10,
        max_window_days=1,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": f"ours: the URLs in '{DOCUMENT}' span one day",
        },
    ),
)
