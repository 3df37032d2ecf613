CREATE TABLE ops.rejects (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    call_date     date        NOT NULL,
    record_key    text,
    digest        uuid        NOT NULL,
    field         text        NOT NULL,
    reason        text        NOT NULL,
    payload       jsonb       NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    resolved_at   timestamptz
);
-- One open reject a record; what has no key is told apart by its digest and day.
CREATE UNIQUE INDEX rejects_open ON ops.rejects
    (account, stream, coalesce(record_key, ''), (CASE WHEN record_key IS NULL THEN digest END),
     (CASE WHEN record_key IS NULL THEN call_date END))
    NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX rejects_open_by_day ON ops.rejects (account, stream, call_date) WHERE resolved_at IS NULL;
COMMENT ON TABLE ops.rejects IS 'One record that could not become a fact, and why';
COMMENT ON COLUMN ops.rejects.id IS 'In the order seen';
COMMENT ON COLUMN ops.rejects.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.rejects.stream IS 'Stream that it came by';
COMMENT ON COLUMN ops.rejects.call_date IS 'Business day that it was found in';
COMMENT ON COLUMN ops.rejects.record_key IS 'The vendor''s key. NULL: it has none';
COMMENT ON COLUMN ops.rejects.digest IS '128-bit digest of the payload';
COMMENT ON COLUMN ops.rejects.field IS 'The field that is wrong; record: the whole of it; body: an answer that couldn''t be read at all';
COMMENT ON COLUMN ops.rejects.reason IS 'What is wrong with the field';
COMMENT ON COLUMN ops.rejects.payload IS 'The record, secrets redacted. Personal data';
COMMENT ON COLUMN ops.rejects.first_seen_at IS 'When it was rejected first';
COMMENT ON COLUMN ops.rejects.resolved_at IS 'Since when it is a fact, or gone. NULL: still open';
