-- Who has been forgotten, by keyed hashes (ops.settings.caller_secret). Whatever lands looks here.
CREATE TABLE ops.suppressed (
    hash          text        PRIMARY KEY,
    kind          text        NOT NULL CHECK (kind IN ('number', 'record', 'account')),
    keeps_calls   boolean     NOT NULL,
    tail          integer,
    suppressed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.suppressed IS 'Who has been forgotten, by a keyed hash: their records are left out of every load';
COMMENT ON COLUMN ops.suppressed.hash IS 'Keyed hash of a number in E.164, of a record''s key or of an account''s name';
COMMENT ON COLUMN ops.suppressed.kind IS 'What it is of: number, record or account';
COMMENT ON COLUMN ops.suppressed.keeps_calls IS 'Calls stay, without the person';
COMMENT ON COLUMN ops.suppressed.tail IS 'Of a number: 16 bits of a keyed hash of its last digits, which one number in 65,536 has. NULL: it is of something else';
COMMENT ON COLUMN ops.suppressed.suppressed_at IS 'Since when';

CREATE TABLE ops.suppressed_records (
    account       text        NOT NULL,
    stream        text        NOT NULL,
    record_hash   text        NOT NULL,
    call_date     date        NOT NULL,
    is_kept       boolean     NOT NULL,
    seen_at       timestamptz NOT NULL,
    missing_since timestamptz,
    PRIMARY KEY (account, stream, record_hash)
);
CREATE INDEX suppressed_records_by_day ON ops.suppressed_records (call_date, account, stream);
COMMENT ON TABLE ops.suppressed_records IS 'Records of those who have been forgotten: left out, or kept without the person';
COMMENT ON COLUMN ops.suppressed_records.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.suppressed_records.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.suppressed_records.record_hash IS 'Keyed hash of the record''s key';
COMMENT ON COLUMN ops.suppressed_records.call_date IS 'Business day of its start';
COMMENT ON COLUMN ops.suppressed_records.is_kept IS 'It is in the tables, without the person. false: it is in none, and counted in ops.days.suppressed';
COMMENT ON COLUMN ops.suppressed_records.seen_at IS 'When the vendor last showed it, or it was erased';
COMMENT ON COLUMN ops.suppressed_records.missing_since IS 'Since when full reads of its day no longer return it';

CREATE TABLE ops.erasures (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash        text        NOT NULL,
    kind        text        NOT NULL,
    keeps_calls boolean     NOT NULL,
    began_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    erased      jsonb       NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE ops.erasures IS 'What was erased when: the proof, without the person';
COMMENT ON COLUMN ops.erasures.id IS 'In their order';
COMMENT ON COLUMN ops.erasures.hash IS 'Of whom: ops.suppressed.hash';
COMMENT ON COLUMN ops.erasures.kind IS 'By what: number, record or account';
COMMENT ON COLUMN ops.erasures.keeps_calls IS 'Calls stayed, without the person';
COMMENT ON COLUMN ops.erasures.began_at IS 'When it began';
COMMENT ON COLUMN ops.erasures.ended_at IS 'When nothing was left. NULL: it was interrupted: run it again';
COMMENT ON COLUMN ops.erasures.erased IS 'How many rows of which table, files and texts';
