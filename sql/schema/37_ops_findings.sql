CREATE TABLE ops.findings (
    stream     text        NOT NULL,
    name       text        NOT NULL,
    account    text        NOT NULL,
    call_date  date,
    note       text        NOT NULL,
    found_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX findings_once ON ops.findings (stream, name, account, call_date) NULLS NOT DISTINCT;
COMMENT ON TABLE ops.findings IS 'What the asset checks found wrong and is still so. Empty: all checks are green';
COMMENT ON COLUMN ops.findings.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.findings.name IS 'The check';
COMMENT ON COLUMN ops.findings.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.findings.call_date IS 'Business day. NULL: it is about the account as it stands';
COMMENT ON COLUMN ops.findings.note IS 'What is wrong, and what to do';
COMMENT ON COLUMN ops.findings.found_at IS 'When it was found first';
