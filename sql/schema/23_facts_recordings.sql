CREATE TABLE facts.recordings (
    call_date     date        NOT NULL,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    recording_id  text        NOT NULL,
    vendor        text        NOT NULL,
    started_at    timestamptz NOT NULL,
    duration_s    double precision,
    size_bytes    bigint,
    size_raw      text,
    from_number   text,
    to_number     text,
    audio_uri     text,
    audio_sha256  text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    missing_since timestamptz,
    PRIMARY KEY (call_date, account, stream, recording_id)
) PARTITION BY RANGE (call_date);
CREATE INDEX recordings_started_at ON facts.recordings (started_at);
