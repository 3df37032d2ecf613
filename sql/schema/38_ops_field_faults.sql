-- Counted from raw.heads whenever a day is: nothing counts twice, and what can be read now is gone.
CREATE TABLE ops.field_faults (
    account       text        NOT NULL,
    stream        text        NOT NULL,
    call_date     date        NOT NULL,
    field         text        NOT NULL,
    reason        text        NOT NULL,
    records       bigint      NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, stream, call_date, field, reason)
);
COMMENT ON TABLE ops.field_faults IS 'Fields that couldn''t be read: NULL in the facts of so many records of a day, as sent in raw.records';
COMMENT ON COLUMN ops.field_faults.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.field_faults.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.field_faults.call_date IS 'Business day of the records';
COMMENT ON COLUMN ops.field_faults.field IS 'Field, as the vendor calls it; a dot goes into an object or a list of them';
COMMENT ON COLUMN ops.field_faults.reason IS 'Why it is NULL: what was expected of it, or that it is a placeholder for no value, which no check warns of';
COMMENT ON COLUMN ops.field_faults.records IS 'Records of the day with it, by their newest version';
COMMENT ON COLUMN ops.field_faults.first_seen_at IS 'When it was first found on this day';
COMMENT ON COLUMN ops.field_faults.last_seen_at IS 'When the number of records last changed';
