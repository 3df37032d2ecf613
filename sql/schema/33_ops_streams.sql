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
    stopped_at      timestamptz,
    stopped_key     text,
    window_days     integer,
    fields          text[]      NOT NULL DEFAULT '{}',
    scope           text,
    scope_since     timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (account, stream)
);
