"""Vono: half of the answered calls are recorded; the file is there a minute after the call."""

from __future__ import annotations

from datetime import datetime, timedelta

from resources.standin.answer import Record
from resources.standin.apis.vono import duration_text, size_text
from resources.standin.generate.day import Draft, Place

BYTES_A_SECOND = 1000
"""A quarter of the document's sample: a demo shouldn't fill a disk."""
MP3_TAG = b"ID3\x03\x00\x00\x00\x00\x00\x00"
MP3_FRAME = b"\xff\xfb\x10\xc4" + bytes(96)


def rows(_report: str, call: Draft, place: Place, now: datetime) -> list[Record]:
    if not _is_recorded(call) or now < call.end + timedelta(minutes=1):
        return []
    branch, customer = f"demo{9001 + call.agent}", call.number_of("1195")
    source, destination = (customer, branch) if call.inbound else (branch, customer)
    return [
        {
            "record_id": call.number,
            "customer_id": call.queue + 3,
            "calldate": call.start.astimezone(place.zone).strftime("%Y-%m-%d %H:%M:%S"),
            "clid": source,
            "source": source,
            "destination": destination,
            "duration": call.talk_s,
            "duration2": duration_text(call.talk_s),
            "size": size_text(_size(call)),
        }
    ]


def audio(call: Draft, place: Place, now: datetime) -> bytes | None:
    """Not a sound in it: a tag, and frames of nothing, as long as the listing says."""
    if not rows("recording", call, place, now):
        return None
    frames = MP3_FRAME * (_size(call) // len(MP3_FRAME) + 1)
    return (MP3_TAG + frames)[: _size(call)]


def _is_recorded(call: Draft) -> bool:
    return call.talk_s > 0 and call.luck[0] < 0.5


def _size(call: Draft) -> int:
    return call.talk_s * BYTES_A_SECOND
