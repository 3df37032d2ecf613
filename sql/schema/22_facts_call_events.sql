CREATE TABLE facts.call_events (
    call_date   date        NOT NULL,
    account     text        NOT NULL,
    stream      text        NOT NULL,
    call_id     text        NOT NULL,
    position    integer     NOT NULL,
    task_id     text,
    task_name   text,
    description text,
    started_at  timestamptz,
    ended_at    timestamptz,
    params      jsonb,
    PRIMARY KEY (call_date, account, stream, call_id, position)
) PARTITION BY RANGE (call_date);
