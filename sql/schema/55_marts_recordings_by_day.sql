CREATE TABLE marts.recordings_by_day (
    call_date          date             NOT NULL,
    account            text             NOT NULL,
    vendor             text             NOT NULL,
    recordings         bigint           NOT NULL,
    missing_recordings bigint           NOT NULL,
    fetched            bigint           NOT NULL,
    coverage           double precision,
    recorded_s         double precision,
    size_bytes         numeric
);
CREATE INDEX recordings_by_day_day ON marts.recordings_by_day (call_date, account);
COMMENT ON TABLE marts.recordings_by_day IS 'Recordings that vendors list, and how much of their audio is fetched. How many calls weren''t recorded isn''t told by a vendor of recordings';
COMMENT ON COLUMN marts.recordings_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.recordings_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.recordings_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.recordings_by_day.recordings IS 'Recordings that the vendor has';
COMMENT ON COLUMN marts.recordings_by_day.missing_recordings IS 'Recordings that the vendor no longer lists; in no other figure';
COMMENT ON COLUMN marts.recordings_by_day.fetched IS 'Recordings whose audio is kept here';
COMMENT ON COLUMN marts.recordings_by_day.coverage IS 'fetched / recordings, 0 to 1. NULL: no recordings';
COMMENT ON COLUMN marts.recordings_by_day.recorded_s IS 'Seconds of the recorded calls. NULL: not known';
COMMENT ON COLUMN marts.recordings_by_day.size_bytes IS 'Size of the files, about. NULL: not known';
