CREATE TABLE ops.details (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    attempts    integer     NOT NULL,
    next_try_at timestamptz,
    PRIMARY KEY (account, stream, record_key)
);
COMMENT ON TABLE ops.details IS 'Records whose detail the vendor didn''t have when asked';
COMMENT ON COLUMN ops.details.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.details.stream IS 'Stream of the details';
COMMENT ON COLUMN ops.details.record_key IS 'The record''s key in its own stream';
COMMENT ON COLUMN ops.details.call_date IS 'The record''s business day';
COMMENT ON COLUMN ops.details.attempts IS 'How often it was asked for';
COMMENT ON COLUMN ops.details.next_try_at IS 'When it may be asked for again. NULL: at once';
