-- The limiter's state, by credential (a keyed hash, never the credential itself).
CREATE TABLE ops.permits (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    credential text        NOT NULL,
    account    text        NOT NULL,
    stream     text        NOT NULL,
    report     text        NOT NULL,
    backfill   boolean     NOT NULL,
    spacing_s  double precision NOT NULL,
    run_id     text,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX permits_by_credential ON ops.permits (credential);

CREATE TABLE ops.budgets (
    credential text        NOT NULL,
    report     text        NOT NULL,
    next_at    timestamptz NOT NULL,
    reason     text        NOT NULL,
    PRIMARY KEY (credential, report)
) WITH (fillfactor = 50);

CREATE TABLE ops.waiters (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    credential text        NOT NULL,
    report     text        NOT NULL,
    holder     text        NOT NULL,
    backfill   boolean     NOT NULL,
    since      timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (credential, report, holder)
);

CREATE TABLE ops.quotas (
    bucket      text    NOT NULL,
    day         date    NOT NULL,
    used        integer NOT NULL DEFAULT 0,
    by_backfill integer NOT NULL DEFAULT 0,
    exhausted   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (bucket, day)
) WITH (fillfactor = 50);

CREATE TABLE ops.settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);
-- What credentials are hashed with, so that hosts can compare them without storing them.
INSERT INTO ops.settings VALUES
    ('credential_key', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));

COMMENT ON TABLE ops.permits IS 'Requests in flight: one row a permit, given back when the answer is there';
COMMENT ON COLUMN ops.permits.id IS 'The permit';
COMMENT ON COLUMN ops.permits.credential IS 'Keyed hash of the credential that limits are counted by';
COMMENT ON COLUMN ops.permits.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.permits.stream IS 'Stream that it is for';
COMMENT ON COLUMN ops.permits.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.permits.backfill IS 'For a backfill, not a poll';
COMMENT ON COLUMN ops.permits.spacing_s IS 'Seconds to the next request of this report';
COMMENT ON COLUMN ops.permits.run_id IS 'The Dagster run that holds it. NULL: none';
COMMENT ON COLUMN ops.permits.granted_at IS 'When it was granted';
COMMENT ON COLUMN ops.permits.expires_at IS 'When it is free again if nobody renews it';

COMMENT ON TABLE ops.budgets IS 'Until when a credential must wait';
COMMENT ON COLUMN ops.budgets.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.budgets.report IS 'The vendor''s report; empty: all of them';
COMMENT ON COLUMN ops.budgets.next_at IS 'No request before this';
COMMENT ON COLUMN ops.budgets.reason IS 'Why: spacing, rate, or the vendor asked';

COMMENT ON TABLE ops.waiters IS 'Who waits for a permit, in order';
COMMENT ON COLUMN ops.waiters.id IS 'The place in the queue';
COMMENT ON COLUMN ops.waiters.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.waiters.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.waiters.holder IS 'Who waits';
COMMENT ON COLUMN ops.waiters.backfill IS 'A backfill: behind polls, but not for ever';
COMMENT ON COLUMN ops.waiters.since IS 'Since when';
COMMENT ON COLUMN ops.waiters.expires_at IS 'When the place is given up unless asked for again';

COMMENT ON TABLE ops.quotas IS 'Requests made of a daily quota';
COMMENT ON COLUMN ops.quotas.bucket IS 'What shares the quota: a vendor''s operation';
COMMENT ON COLUMN ops.quotas.day IS 'The vendor''s local day';
COMMENT ON COLUMN ops.quotas.used IS 'Requests made';
COMMENT ON COLUMN ops.quotas.by_backfill IS 'Of these by backfills';
COMMENT ON COLUMN ops.quotas.exhausted IS 'The vendor itself said that the quota is used up';

COMMENT ON TABLE ops.settings IS 'Settings that every host shares';
COMMENT ON COLUMN ops.settings.name IS 'The setting';
COMMENT ON COLUMN ops.settings.value IS 'Its value';
