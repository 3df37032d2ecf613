CREATE TABLE ops.days (
    account        text        NOT NULL,
    stream         text        NOT NULL,
    call_date      date        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('open', 'settling', 'complete', 'failed')),
    timezone       text,
    vendor_total   bigint,
    repeats        bigint      NOT NULL DEFAULT 0,
    raw_records    bigint      NOT NULL DEFAULT 0,
    facts          bigint      NOT NULL DEFAULT 0,
    rejects        bigint      NOT NULL DEFAULT 0,
    open_records   bigint      NOT NULL DEFAULT 0,
    missing        bigint      NOT NULL DEFAULT 0,
    suppressed     bigint      NOT NULL DEFAULT 0,
    last_polled_at timestamptz,
    read_at        timestamptz,
    same_since     timestamptz,
    completed_at   timestamptz,
    next_read_at   timestamptz,
    attempts       integer     NOT NULL DEFAULT 0,
    rejected       uuid,
    same_rejects   integer     NOT NULL DEFAULT 0,
    lacking        uuid,
    lacking_records bigint,
    doubted_since  date,
    accepted       uuid,
    expired_at     timestamptz,
    note           text,
    made_for       text[],
    PRIMARY KEY (account, stream, call_date)
);
-- Hardly a day stays incomplete: checks and alerts find those by it, without a look at years of others.
CREATE INDEX days_unsettled ON ops.days (account, stream, next_read_at) WHERE state <> 'complete';
COMMENT ON TABLE ops.days IS 'How complete a business day of an account''s stream is';
COMMENT ON COLUMN ops.days.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.days.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.days.call_date IS 'Business day';
COMMENT ON COLUMN ops.days.state IS 'open: the day goes on or was never read whole. settling: read whole, but records may still change. complete: read whole, and raw = facts + rejects. failed: note says why';
COMMENT ON COLUMN ops.days.timezone IS 'The time zone whose calendar day this is: the account''s when it was loaded. NULL: nothing loaded yet';
COMMENT ON COLUMN ops.days.vendor_total IS 'The vendor''s own count of the day''s records at the last full read. NULL: it gives none, or records came since';
COMMENT ON COLUMN ops.days.repeats IS 'Rows in vendor_total that stand twice in its answer, equal to the byte: each is one record';
COMMENT ON COLUMN ops.days.raw_records IS 'Records of the day, each counted once whatever its versions';
COMMENT ON COLUMN ops.days.facts IS 'Records that are facts';
COMMENT ON COLUMN ops.days.rejects IS 'Records that couldn''t become facts';
COMMENT ON COLUMN ops.days.open_records IS 'Records that the vendor will still change';
COMMENT ON COLUMN ops.days.missing IS 'Of raw_records those that full reads no longer return';
COMMENT ON COLUMN ops.days.suppressed IS 'Records of people who have been forgotten: the vendor counts them, and they are in no table';
COMMENT ON COLUMN ops.days.last_polled_at IS 'When the day was last read, also in part or in vain';
COMMENT ON COLUMN ops.days.read_at IS 'When the newest full read of the day was asked for. NULL: never';
COMMENT ON COLUMN ops.days.same_since IS 'Since when full reads have shown that the day is empty, or the same totals of it; else when it ended. NULL: no full read since records came last';
COMMENT ON COLUMN ops.days.completed_at IS 'When the day turned complete; kept while it is read again only to make sure. NULL: it isn''t, or records came since';
COMMENT ON COLUMN ops.days.next_read_at IS 'When it is read again by itself. NULL: as soon as it is due, or never if complete. A day that is complete lately is read once more';
COMMENT ON COLUMN ops.days.attempts IS 'Reads in a row that failed, or that lacked the same and weren''t believed';
COMMENT ON COLUMN ops.days.rejected IS 'Digest of the open rejects that the last full read left: which records, fields and reasons. NULL: none';
COMMENT ON COLUMN ops.days.same_rejects IS 'Full reads in a row that left the same rejects';
COMMENT ON COLUMN ops.days.lacking IS 'Digest of the known records that the last full read lacked, if that isn''t believed. NULL: none, or it is';
COMMENT ON COLUMN ops.days.lacking_records IS 'How many those are';
COMMENT ON COLUMN ops.days.doubted_since IS 'The account''s calendar day on which a read lacked them first, if they are too many to be believed at once. NULL: nothing is doubted';
COMMENT ON COLUMN ops.days.accepted IS 'What was lacking when an operator accepted it: believed when it is lacking again';
COMMENT ON COLUMN ops.days.expired_at IS 'Since when its records are gone for their age; the counts stay as they were, and so do the marts. NULL: they are here';
COMMENT ON COLUMN ops.days.note IS 'Why the state is what it is';
COMMENT ON COLUMN ops.days.made_for IS 'Time zones, countries and currencies by which facts of the day were made before accounts.toml had others. NULL: by those that ops.accounts has';
