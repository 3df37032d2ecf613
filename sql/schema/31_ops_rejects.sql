CREATE TABLE ops.rejects (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text        NOT NULL,
    stream        text        NOT NULL,
    call_date     date        NOT NULL,
    record_key    text,
    digest        uuid        NOT NULL,
    field         text        NOT NULL,
    reason        text        NOT NULL,
    payload       jsonb       NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    resolved_at   timestamptz
);
-- One open reject a record; what has no key is told apart by its digest.
CREATE UNIQUE INDEX rejects_open ON ops.rejects
    (account, stream, coalesce(record_key, ''), (CASE WHEN record_key IS NULL THEN digest END))
    NULLS NOT DISTINCT WHERE resolved_at IS NULL;
CREATE INDEX rejects_open_by_day ON ops.rejects (account, stream, call_date) WHERE resolved_at IS NULL;
