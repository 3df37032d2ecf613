CREATE TABLE ops.requests (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      text             NOT NULL,
    stream       text             NOT NULL,
    report       text             NOT NULL,
    backfill     boolean          NOT NULL,
    requested_at timestamptz      NOT NULL,
    duration_s   double precision NOT NULL,
    status       integer,
    bytes        bigint,
    records      integer,
    url          text,
    error        text,
    run_id       text
);
CREATE INDEX requests_by_account ON ops.requests (account, requested_at);
CREATE INDEX requests_by_time ON ops.requests USING brin (requested_at);
