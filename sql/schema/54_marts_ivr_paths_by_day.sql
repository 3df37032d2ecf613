CREATE TABLE marts.ivr_paths_by_day (
    call_date      date             NOT NULL,
    account        text             NOT NULL,
    vendor         text             NOT NULL,
    flow_name      text,
    path           text,
    steps          bigint           NOT NULL,
    disposition    text             NOT NULL,
    sessions       bigint           NOT NULL,
    avg_duration_s double precision
);
CREATE INDEX ivr_paths_by_day_day ON marts.ivr_paths_by_day (call_date, account);
COMMENT ON TABLE marts.ivr_paths_by_day IS 'Ways that callers took through IVR flows';
COMMENT ON COLUMN marts.ivr_paths_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.ivr_paths_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.ivr_paths_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.ivr_paths_by_day.flow_name IS 'IVR flow: its name, or its key where it has no name. NULL: the vendor names none';
COMMENT ON COLUMN marts.ivr_paths_by_day.path IS 'The kinds of the steps in order, such as start > menu > transfer. NULL: the vendor hasn''t told the steps (yet)';
COMMENT ON COLUMN marts.ivr_paths_by_day.steps IS 'Steps on that way';
COMMENT ON COLUMN marts.ivr_paths_by_day.disposition IS 'How the sessions ended, as in facts.calls';
COMMENT ON COLUMN marts.ivr_paths_by_day.sessions IS 'Sessions that went this way; missing ones aren''t counted';
COMMENT ON COLUMN marts.ivr_paths_by_day.avg_duration_s IS 'Seconds that they took on average. NULL: not known';
