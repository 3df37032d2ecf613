-- Drawn when a request is granted, so that whatever it brings can name it before its end is known.
CREATE SEQUENCE ops.request_ids;
CREATE TABLE ops.requests (
    id           bigint           PRIMARY KEY DEFAULT nextval('ops.request_ids'),
    account      text             NOT NULL,
    stream       text             NOT NULL,
    report       text             NOT NULL,
    backfill     boolean          NOT NULL,
    requested_at timestamptz      NOT NULL,
    duration_s   double precision NOT NULL,
    status       integer,
    bytes        bigint,
    records      integer,
    url          text,
    error        text,
    run_id       text
);
CREATE INDEX requests_by_account ON ops.requests (account, requested_at);
CREATE INDEX requests_by_time ON ops.requests USING brin (requested_at);
COMMENT ON TABLE ops.requests IS 'One HTTP request made to a vendor. Kept for 90 days unless set otherwise';
COMMENT ON COLUMN ops.requests.id IS 'In the order of grants; raw.records.request_id';
COMMENT ON COLUMN ops.requests.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.requests.stream IS 'Stream that it was made for';
COMMENT ON COLUMN ops.requests.report IS 'The vendor''s report: what limits are counted by';
COMMENT ON COLUMN ops.requests.backfill IS 'Made by a backfill, not by a poll';
COMMENT ON COLUMN ops.requests.requested_at IS 'When its permit was granted, by the database''s clock';
COMMENT ON COLUMN ops.requests.duration_s IS 'Seconds from the grant to the end of the answer';
COMMENT ON COLUMN ops.requests.status IS 'HTTP status. NULL: no answer came';
COMMENT ON COLUMN ops.requests.bytes IS 'Size of the answer''s body. NULL: no answer came';
COMMENT ON COLUMN ops.requests.records IS 'Records in the answer. NULL: it couldn''t be read';
COMMENT ON COLUMN ops.requests.url IS 'What was asked for, secrets redacted';
COMMENT ON COLUMN ops.requests.error IS 'What went wrong, secrets redacted. NULL: nothing';
COMMENT ON COLUMN ops.requests.run_id IS 'The Dagster run that made it. NULL: none';
