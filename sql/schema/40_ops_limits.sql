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
