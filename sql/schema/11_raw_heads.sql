-- The newest version of every record, wherever its day: what a read is compared with before
-- anything is moved, and how a record that moved to another day is found again. Not
-- partitioned: the question is always "this key, whichever day".
CREATE TABLE raw.heads (
    account     text        NOT NULL,
    stream      text        NOT NULL,
    record_key  text        NOT NULL,
    call_date   date        NOT NULL,
    version     integer     NOT NULL,
    digest      uuid        NOT NULL,
    observed_at timestamptz NOT NULL,
    first_seen_at timestamptz NOT NULL,
    is_open     boolean     NOT NULL DEFAULT false,
    rejected    boolean     NOT NULL DEFAULT false,
    faults      jsonb,
    missing_since timestamptz,
    twins       uuid[],
    -- The key first here and the day first there: each index is of use to its own question alone. Until statistics
    -- know a new account, Postgres takes either for a way to its one record, and reads all of them.
    PRIMARY KEY (record_key, account, stream)
) WITH (fillfactor = 85);
CREATE INDEX heads_by_day ON raw.heads (call_date, account, stream);
CREATE INDEX heads_with_faults ON raw.heads (call_date, account, stream) WHERE faults IS NOT NULL;
COMMENT ON TABLE raw.heads IS 'The newest version of each record: its day, digest and when it was observed';
COMMENT ON COLUMN raw.heads.account IS 'Account in accounts.toml';
COMMENT ON COLUMN raw.heads.stream IS 'Stream of the vendor';
COMMENT ON COLUMN raw.heads.record_key IS 'The vendor''s key of the record';
COMMENT ON COLUMN raw.heads.call_date IS 'Business day of the newest version';
COMMENT ON COLUMN raw.heads.version IS 'The newest version''s number';
COMMENT ON COLUMN raw.heads.digest IS '128-bit digest of the newest version''s payload';
COMMENT ON COLUMN raw.heads.observed_at IS 'When the request that brought it was granted; an older answer never replaces a newer one';
COMMENT ON COLUMN raw.heads.first_seen_at IS 'When its first version was read';
COMMENT ON COLUMN raw.heads.is_open IS 'The vendor will still change this record';
COMMENT ON COLUMN raw.heads.missing_since IS 'Since when full reads of its day no longer return it';
COMMENT ON COLUMN raw.heads.rejected IS 'The newest version is no fact; ops.rejects says why. It is tried again at each read';
COMMENT ON COLUMN raw.heads.faults IS 'Fields of the newest version that couldn''t be read, so that the fact has NULL there, each with the reason. NULL: none. They are tried again at each read';
COMMENT ON COLUMN raw.heads.twins IS 'Digests of other states that came with this one in one read: the record changed meanwhile, or two rows have one key. NULL: none';
