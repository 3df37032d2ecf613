-- Added to only, so that loads neither wait for each other nor for the marts' refresh: it deletes
-- the rows that it sees before it reads the facts, and a load that commits later leaves its own.
CREATE TABLE ops.stale_days (
    call_date   date        NOT NULL,
    mart        text,
    stale_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    account     text
);
-- It has no key: without this, Postgres would refuse every refresh of marts while it is in a publication.
ALTER TABLE ops.stale_days REPLICA IDENTITY FULL;
COMMENT ON TABLE ops.stale_days IS 'Business days that the marts are behind on';
COMMENT ON COLUMN ops.stale_days.call_date IS 'Business day; several rows where several loads changed it';
COMMENT ON COLUMN ops.stale_days.mart IS 'The mart that is behind: it is new, or its refresh failed. NULL: all of them, as facts changed';
COMMENT ON COLUMN ops.stale_days.stale_since IS 'When it fell behind';
COMMENT ON COLUMN ops.stale_days.account IS 'The account whose facts changed. NULL: perhaps any';
