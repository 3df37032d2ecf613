-- The limiter's state, by credential (a keyed hash, never the credential itself).
-- Its pages are filled whole: whoever looks clears only what is nearly full of permits that were given back.
CREATE TABLE ops.permits (
    id         bigint           PRIMARY KEY,
    credential text             NOT NULL,
    account    text             NOT NULL,
    stream     text             NOT NULL,
    report     text             NOT NULL,
    backfill   boolean          NOT NULL,
    run_id     text,
    lease_s    double precision NOT NULL,
    counts_s   double precision NOT NULL,
    granted_at timestamptz      NOT NULL,
    expires_at timestamptz      NOT NULL,
    reached_at timestamptz
);
CREATE INDEX permits_by_credential ON ops.permits (credential);

CREATE TABLE ops.holds (
    credential text        PRIMARY KEY,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ops.waiters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    credential  text        NOT NULL,
    account     text        NOT NULL,
    stream      text        NOT NULL,
    report      text        NOT NULL,
    holder      text        NOT NULL,
    backfill    boolean     NOT NULL,
    away        boolean     NOT NULL,
    reason      text        NOT NULL,
    run_id      text,
    since       timestamptz NOT NULL,
    looked_at   timestamptz NOT NULL,
    ready_at    timestamptz NOT NULL,
    expected_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    UNIQUE (credential, report, holder)
) WITH (fillfactor = 50);

CREATE TABLE ops.quotas (
    bucket          text    NOT NULL,
    day             date    NOT NULL,
    used            integer NOT NULL DEFAULT 0,
    by_backfill     integer NOT NULL DEFAULT 0,
    exhausted_until timestamptz,
    by_credential   jsonb   NOT NULL DEFAULT '{}',
    PRIMARY KEY (bucket, day)
) WITH (fillfactor = 50);
-- Both columns, so that whichever index a plan takes, it reads one row of a bucket and day.
CREATE INDEX quotas_by_day ON ops.quotas (day, bucket);

CREATE TABLE ops.backfills (
    account    text             NOT NULL,
    stream     text             NOT NULL,
    run_id     text             NOT NULL,
    windows    integer          NOT NULL,
    done       integer          NOT NULL DEFAULT 0,
    days       integer          NOT NULL,
    first_day  date             NOT NULL,
    last_day   date             NOT NULL,
    details    bigint,
    turn_s     double precision NOT NULL,
    started_at timestamptz      NOT NULL,
    seen_at    timestamptz      NOT NULL,
    PRIMARY KEY (account, stream, run_id)
);

CREATE TABLE ops.settings (
    name  text PRIMARY KEY,
    value text NOT NULL
);
-- Secrets of this warehouse, which no analyst reads. What credentials are hashed with, so that hosts
-- can compare them without storing them; and numbers, so that callers can be counted without them.
INSERT INTO ops.settings VALUES
    ('credential_key', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')),
    ('caller_secret', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')),
    ('agent_names', 'shown');

COMMENT ON TABLE ops.permits IS 'Requests in flight, and those done that still count for a spacing or a rate';
COMMENT ON COLUMN ops.permits.id IS 'ops.requests.id of the request';
COMMENT ON COLUMN ops.permits.credential IS 'Keyed hash of the credential that limits are counted by';
COMMENT ON COLUMN ops.permits.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.permits.stream IS 'Stream that it is for';
COMMENT ON COLUMN ops.permits.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.permits.backfill IS 'Behind the polls, not one of them';
COMMENT ON COLUMN ops.permits.run_id IS 'The Dagster run that holds it. NULL: none';
COMMENT ON COLUMN ops.permits.lease_s IS 'How long its worker may go without renewing it';
COMMENT ON COLUMN ops.permits.counts_s IS 'How long it counts after reached_at';
COMMENT ON COLUMN ops.permits.granted_at IS 'When it was granted';
COMMENT ON COLUMN ops.permits.expires_at IS 'When it counts as lost unless its worker renews it';
COMMENT ON COLUMN ops.permits.reached_at IS 'When the vendor had surely received the request. NULL: it is in flight';

COMMENT ON TABLE ops.holds IS 'Pauses that a vendor asked for';
COMMENT ON COLUMN ops.holds.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.holds.since IS 'When the vendor asked';
COMMENT ON COLUMN ops.holds.until IS 'No request with the credential before this';

COMMENT ON TABLE ops.waiters IS 'Who waits for a permit, in order';
COMMENT ON COLUMN ops.waiters.id IS 'The place in the queue';
COMMENT ON COLUMN ops.waiters.credential IS 'Keyed hash of the credential';
COMMENT ON COLUMN ops.waiters.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.waiters.stream IS 'Stream that it is for';
COMMENT ON COLUMN ops.waiters.report IS 'The vendor''s report';
COMMENT ON COLUMN ops.waiters.holder IS 'Who waits';
COMMENT ON COLUMN ops.waiters.backfill IS 'Behind the polls, but not for ever';
COMMENT ON COLUMN ops.waiters.away IS 'A poll that comes back at its next tick: its place is kept until expires_at';
COMMENT ON COLUMN ops.waiters.reason IS 'spacing, queue, rate, concurrency, or vendor: it asked for a pause';
COMMENT ON COLUMN ops.waiters.run_id IS 'The Dagster run that waits. NULL: none';
COMMENT ON COLUMN ops.waiters.since IS 'Since when; of a backfill: since one of its report went last';
COMMENT ON COLUMN ops.waiters.looked_at IS 'When it asked last';
COMMENT ON COLUMN ops.waiters.ready_at IS 'When the spacing of its report is over';
COMMENT ON COLUMN ops.waiters.expected_at IS 'About when it will be granted';
COMMENT ON COLUMN ops.waiters.expires_at IS 'When the place is given up unless asked for again';

COMMENT ON TABLE ops.quotas IS 'Requests made of a daily quota';
COMMENT ON COLUMN ops.quotas.bucket IS 'What shares the quota: a vendor''s operation';
COMMENT ON COLUMN ops.quotas.day IS 'The vendor''s local day';
COMMENT ON COLUMN ops.quotas.used IS 'Requests made';
COMMENT ON COLUMN ops.quotas.by_backfill IS 'Of these behind the polls';
COMMENT ON COLUMN ops.quotas.exhausted_until IS 'Until when the vendor itself said that the quota is used up. NULL: it didn''t';
COMMENT ON COLUMN ops.quotas.by_credential IS 'What each credential, by its keyed hash, has of used and by_backfill';

COMMENT ON TABLE ops.backfills IS 'How far running backfills have come';
COMMENT ON COLUMN ops.backfills.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN ops.backfills.stream IS 'Stream that is read';
COMMENT ON COLUMN ops.backfills.run_id IS 'The Dagster run; empty: none';
COMMENT ON COLUMN ops.backfills.windows IS 'Windows to read: a request each, or more';
COMMENT ON COLUMN ops.backfills.done IS 'Windows read, failed or put off';
COMMENT ON COLUMN ops.backfills.days IS 'Business days to read';
COMMENT ON COLUMN ops.backfills.first_day IS 'The first of them';
COMMENT ON COLUMN ops.backfills.last_day IS 'The last of them';
COMMENT ON COLUMN ops.backfills.details IS 'Details to ask for. NULL: days are read by windows';
COMMENT ON COLUMN ops.backfills.turn_s IS 'Seconds from one request to the next, as the vendor wants a pause and polls take turns. 0: neither';
COMMENT ON COLUMN ops.backfills.started_at IS 'When it began';
COMMENT ON COLUMN ops.backfills.seen_at IS 'When it was heard of last';

COMMENT ON TABLE ops.settings IS 'Settings that every host shares';
COMMENT ON COLUMN ops.settings.name IS 'The setting';
COMMENT ON COLUMN ops.settings.value IS 'Its value';
