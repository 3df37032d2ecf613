CREATE TABLE ops.details (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0,
    failures    integer     NOT NULL DEFAULT 0,
    error       text,
    next_try_at timestamptz,
    PRIMARY KEY (account, stream, record_key)
);
COMMENT ON TABLE ops.details IS 'Records whose detail was asked for, and didn''t come';
COMMENT ON COLUMN ops.details.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.details.stream IS 'Stream of the details';
COMMENT ON COLUMN ops.details.record_key IS 'The record''s key in its own stream';
COMMENT ON COLUMN ops.details.call_date IS 'The record''s business day';
COMMENT ON COLUMN ops.details.attempts IS 'How often the vendor hadn''t got it';
COMMENT ON COLUMN ops.details.failures IS 'How often what came was of no use, by a fault of this record''s alone';
COMMENT ON COLUMN ops.details.error IS 'What was wrong with the last answer, secrets redacted. NULL: the vendor hasn''t got it';
COMMENT ON COLUMN ops.details.next_try_at IS 'When it may be asked for again. NULL: not by itself, only by a backfill';
