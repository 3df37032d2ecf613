CREATE TABLE ops.stale_days (
    call_date  date        PRIMARY KEY,
    stale_since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.stale_days IS 'Business days whose facts changed since the marts were last refreshed';
COMMENT ON COLUMN ops.stale_days.call_date IS 'Business day';
COMMENT ON COLUMN ops.stale_days.stale_since IS 'When its facts changed first since then';
