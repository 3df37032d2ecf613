CREATE TABLE ops.days (
    account        text        NOT NULL,
    stream         text        NOT NULL,
    call_date      date        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('open', 'settling', 'complete', 'failed')),
    vendor_total   bigint,
    raw_records    bigint      NOT NULL DEFAULT 0,
    facts          bigint      NOT NULL DEFAULT 0,
    rejects        bigint      NOT NULL DEFAULT 0,
    open_records   bigint      NOT NULL DEFAULT 0,
    last_polled_at timestamptz,
    completed_at   timestamptz,
    next_read_at   timestamptz,
    attempts       integer     NOT NULL DEFAULT 0,
    note           text,
    PRIMARY KEY (account, stream, call_date)
);
CREATE INDEX days_unsettled ON ops.days (account, stream, next_read_at) WHERE state <> 'complete';
