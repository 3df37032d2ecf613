"""Vono: recordings, and the audio behind each. One record is one file; other calls are absent.

The credentials are part of the URL's path, and the same URL with DELETE would destroy recordings
for ever: only GET is sent, and what is written down of it is redacted (`resources.http`).
The document's quotes are typographic; its server's JSON is taken to be JSON.
"""

from datetime import timedelta

from resources.account import Limits
from resources.vendor_api.vendor import DetailStream, Stream, Vendor
from resources.vendors.vono.client import KEY, Vono, VonoOptions
from resources.vendors.vono.mapping import audio_to_facts, recordings_to_facts
from sql.vocabulary import Tells

DOCUMENT = "API Relatório de Gravações Vono"

RECORDINGS = Stream(
    name="recordings",
    title="Recordings, and the calls they are of",
    document=DOCUMENT,
    table="recordings",
    also=("calls",),
    read=Vono.recordings,
    key=KEY,
    normalise=recordings_to_facts,
    live="since",
    lookback=timedelta(hours=2),  # known by the call's start, but listed when it has ended
    settle=timedelta(hours=3),
    settle_every=timedelta(hours=3),
)

RECORDING_AUDIO = DetailStream(
    name="recording_audio",
    title="The audio of each recording",
    document=DOCUMENT,
    table="audio",
    of="recordings",
    needs=("size_bytes",),
    read=Vono.audio,
    normalise=audio_to_facts,
    default=False,
)

VENDOR = Vendor(
    name="vono",
    title="Vono",
    timezone="America/Sao_Paulo",
    country="BR",
    client=Vono,
    streams=(RECORDINGS, RECORDING_AUDIO),
    credentials=("token", "key"),
    options=VonoOptions,
    tells={Tells.RECORDINGS: (RECORDINGS.name,)},
    limits=Limits(
        concurrency=4,
        requests_per_s=10,
        max_window_days=1,
        sources={
            "concurrency": "assumed: not documented",
            "requests_per_s": "assumed: not documented",
            "max_window_days": "ours: how times and dates combine over days isn't documented",
        },
    ),
)
