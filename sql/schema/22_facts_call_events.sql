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
COMMENT ON TABLE facts.call_events IS 'One step of a call''s way through an IVR flow';
COMMENT ON COLUMN facts.call_events.call_date IS 'Business day of the call that it belongs to';
COMMENT ON COLUMN facts.call_events.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN facts.call_events.stream IS 'Stream of the vendor''s that it came by, such as calls';
COMMENT ON COLUMN facts.call_events.call_id IS 'The call in facts.calls (of another stream of the same account)';
COMMENT ON COLUMN facts.call_events.position IS 'The step''s place, from 1. A task that a flow comes back to has several';
COMMENT ON COLUMN facts.call_events.task_id IS 'The flow''s task, by the vendor''s key; repeats where a flow loops';
COMMENT ON COLUMN facts.call_events.task_name IS 'The kind of task, such as menu or transfer';
COMMENT ON COLUMN facts.call_events.description IS 'What the flow''s author called the task';
COMMENT ON COLUMN facts.call_events.started_at IS 'When the step began';
COMMENT ON COLUMN facts.call_events.ended_at IS 'When it ended. NULL: the vendor doesn''t say';
COMMENT ON COLUMN facts.call_events.params IS 'The task''s settings, secrets redacted. May hold personal data: hidden from callhouse_analyst';
