CREATE TABLE raw.records (
    call_date     date        NOT NULL,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    record_key    text        NOT NULL,
    version       integer     NOT NULL,
    payload       jsonb       NOT NULL,
    first_seen_at timestamptz NOT NULL,
    request_id    bigint      NOT NULL,
    PRIMARY KEY (call_date, account, stream, record_key, version)
) PARTITION BY RANGE (call_date);
COMMENT ON TABLE raw.records IS 'One distinct version of one record as the vendor sent it, secrets redacted';
COMMENT ON COLUMN raw.records.call_date IS 'Business day of this version''s start, in the account''s time zone';
COMMENT ON COLUMN raw.records.account IS 'Account in accounts.toml';
COMMENT ON COLUMN raw.records.stream IS 'Stream of the vendor, such as calls';
COMMENT ON COLUMN raw.records.record_key IS 'The vendor''s key of the record; the key of its fact too';
COMMENT ON COLUMN raw.records.version IS 'From 1, in the order seen; a state that comes back is a new version';
COMMENT ON COLUMN raw.records.payload IS 'The record, with only secrets and characters that Postgres cannot keep replaced';
COMMENT ON COLUMN raw.records.first_seen_at IS 'When this version was first read';
COMMENT ON COLUMN raw.records.request_id IS 'ops.requests.id of the request that brought it';
