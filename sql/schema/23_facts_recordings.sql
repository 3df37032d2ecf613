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
COMMENT ON TABLE facts.recordings IS 'One recording file that the vendor lists; calls that weren''t recorded are absent';
COMMENT ON COLUMN facts.recordings.call_date IS 'Business day: the local date of the call''s start in the account''s time zone';
COMMENT ON COLUMN facts.recordings.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.recordings.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.recordings.recording_id IS 'The vendor''s key of the recording; its call in facts.calls has it as call_id';
COMMENT ON COLUMN facts.recordings.vendor IS 'evolux, conpeek, clickfono, wolkvox or vono';
COMMENT ON COLUMN facts.recordings.started_at IS 'When the recorded call began';
COMMENT ON COLUMN facts.recordings.duration_s IS 'Seconds of the call. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.recordings.size_bytes IS 'The file''s size, about: the vendor rounds. NULL: not said';
COMMENT ON COLUMN facts.recordings.size_raw IS 'The size as the vendor writes it';
COMMENT ON COLUMN facts.recordings.from_number IS 'Who called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.recordings.to_number IS 'Who was called, as the vendor writes it. Personal data: masked for callhouse_analyst';
COMMENT ON COLUMN facts.recordings.audio_uri IS 'Where the audio is kept. NULL: not fetched. Leads to personal data: hidden from callhouse_analyst';
COMMENT ON COLUMN facts.recordings.audio_sha256 IS 'SHA-256 of the audio file, in hex. NULL: not fetched';
COMMENT ON COLUMN facts.recordings.first_seen_at IS 'When Callhouse first saw it';
COMMENT ON COLUMN facts.recordings.updated_at IS 'When this row last changed in Callhouse; not a time of the vendor''s';
COMMENT ON COLUMN facts.recordings.missing_since IS 'Since when full reads of its day no longer return it; NULL: the vendor has it. Marts count it apart, as missing';
