CREATE TABLE ops.details (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    attempts    integer     NOT NULL,
    next_try_at timestamptz,
    PRIMARY KEY (account, stream, record_key)
);
