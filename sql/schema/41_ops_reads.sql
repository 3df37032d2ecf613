CREATE TABLE ops.reads (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    text        NOT NULL,
    stream     text        NOT NULL,
    days       date[]      NOT NULL,
    live       boolean     NOT NULL,
    holder     text        NOT NULL,
    run_id     text,
    began_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX reads_by_stream ON ops.reads (account, stream);

COMMENT ON TABLE ops.reads IS 'Windows that are being read right now: no other run reads them meanwhile';
COMMENT ON COLUMN ops.reads.id IS 'The lease';
COMMENT ON COLUMN ops.reads.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.reads.stream IS 'Stream that is read';
COMMENT ON COLUMN ops.reads.days IS 'Business days that are read in full; none: a poll reads on';
COMMENT ON COLUMN ops.reads.live IS 'A poll''s present day or what came since; not an older day';
COMMENT ON COLUMN ops.reads.holder IS 'Who reads: one process of a run';
COMMENT ON COLUMN ops.reads.run_id IS 'The Dagster run that reads. NULL: none';
COMMENT ON COLUMN ops.reads.began_at IS 'Since when';
COMMENT ON COLUMN ops.reads.expires_at IS 'When its reader counts as lost unless it goes on';
