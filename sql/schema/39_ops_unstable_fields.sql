CREATE TABLE ops.unstable_fields (
    account    text        NOT NULL,
    stream     text        NOT NULL,
    field      text        NOT NULL,
    versions   integer     NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, stream, field)
);
COMMENT ON TABLE ops.unstable_fields IS 'Fields that change at each read, as signed URLs do, so that each read makes a version';
COMMENT ON COLUMN ops.unstable_fields.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.unstable_fields.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.unstable_fields.field IS 'The field, with dots into nested objects';
COMMENT ON COLUMN ops.unstable_fields.versions IS 'The most versions of one record that had it so';
COMMENT ON COLUMN ops.unstable_fields.noticed_at IS 'When it was noticed last';
