CREATE TABLE ops.streams (
    account         text        NOT NULL,
    stream          text        NOT NULL,
    vendor          text        NOT NULL,
    watermark       timestamptz,
    last_polled_at  timestamptz,
    last_success_at timestamptz,
    next_due_at     timestamptz,
    failures        integer     NOT NULL DEFAULT 0,
    last_error      text,
    refusals        integer     NOT NULL DEFAULT 0,
    stopped_at      timestamptz,
    stopped_key     text,
    window_days     integer,
    window_good     integer     NOT NULL DEFAULT 0,
    window_needed   integer     NOT NULL DEFAULT 3,
    largest_page    integer,
    piece_s         double precision,
    fields          text[]      NOT NULL DEFAULT '{}',
    scope           text,
    scope_since     timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, stream)
);
COMMENT ON TABLE ops.streams IS 'How reading an account''s stream stands';
COMMENT ON COLUMN ops.streams.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.streams.stream IS 'Stream of the vendor';
COMMENT ON COLUMN ops.streams.vendor IS 'The account''s vendor';
COMMENT ON COLUMN ops.streams.watermark IS 'Up to where polls have read. NULL: never polled';
COMMENT ON COLUMN ops.streams.last_polled_at IS 'When it was last polled, also in vain';
COMMENT ON COLUMN ops.streams.last_success_at IS 'When a read last went well';
COMMENT ON COLUMN ops.streams.next_due_at IS 'When it may be polled next. NULL: after the account''s interval';
COMMENT ON COLUMN ops.streams.failures IS 'Failed polls in a row';
COMMENT ON COLUMN ops.streams.last_error IS 'What went wrong last, secrets redacted. NULL: nothing since the last success';
COMMENT ON COLUMN ops.streams.refusals IS 'Runs in a row that ended with a 401 or 403 which isn''t the vendor''s own answer';
COMMENT ON COLUMN ops.streams.stopped_at IS 'Since when polls have stopped, the credential being refused: next_due_at is the next probe. NULL: they go on';
COMMENT ON COLUMN ops.streams.stopped_key IS 'Keyed hash of the refused credential: another one starts polls again';
COMMENT ON COLUMN ops.streams.window_days IS 'Days that one request may cover, where more proved too much. NULL: as the limits say';
COMMENT ON COLUMN ops.streams.window_good IS 'Windows of so many days that went well in a row. -1: so many haven''t been tried again yet';
COMMENT ON COLUMN ops.streams.window_needed IS 'As many must go well before twice as many days are tried';
COMMENT ON COLUMN ops.streams.largest_page IS 'Records of the largest page that the vendor''s server ever gave: a smaller one may be the last of its list. NULL: none came';
COMMENT ON COLUMN ops.streams.piece_s IS 'How much time one piece of a catch-up covers, as the last ones went. NULL: there was none';
COMMENT ON COLUMN ops.streams.fields IS 'Fields and values that no mapping knows, each told once';
COMMENT ON COLUMN ops.streams.scope IS 'What the account''s options narrow it to, as JSON';
COMMENT ON COLUMN ops.streams.scope_since IS 'Since when: what was read before can''t be missed from answers since';
