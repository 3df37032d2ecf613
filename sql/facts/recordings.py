"""`facts.recordings`: the recordings that vendors list."""

from dataclasses import replace

from sql.facts.common import (
    ACCOUNT,
    CALL_DATE,
    FIRST_SEEN_AT,
    FROM_NUMBER,
    MISSING_SINCE,
    STARTED_AT,
    STREAM,
    TO_NUMBER,
    UPDATED_AT,
    VENDOR,
)
from sql.table import Column, Kind, Source, Table

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
