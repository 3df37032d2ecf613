CREATE TABLE marts.calls_by_hour (
    call_date     date             NOT NULL,
    hour          integer          NOT NULL,
    hour_at       timestamptz      NOT NULL,
    account       text             NOT NULL,
    vendor        text             NOT NULL,
    grain         text             NOT NULL,
    direction     text             NOT NULL,
    queue_name    text,
    flow_name     text,
    disposition   text             NOT NULL,
    outcome       text             NOT NULL,
    calls         bigint           NOT NULL,
    open_calls    bigint           NOT NULL,
    missing_calls bigint           NOT NULL,
    waits         bigint           NOT NULL,
    wait_s        double precision,
    talks         bigint           NOT NULL,
    talk_s        double precision
);
CREATE INDEX calls_by_hour_day ON marts.calls_by_hour (call_date, account);
COMMENT ON TABLE marts.calls_by_hour IS 'Calls by local hour and by what became of them: counts and sums, which may be added within a grain';
COMMENT ON COLUMN marts.calls_by_hour.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.calls_by_hour.hour IS 'Local hour of the start, 0 to 23, by the account''s clocks';
COMMENT ON COLUMN marts.calls_by_hour.hour_at IS 'When that hour began: tells apart the two hours of one name when clocks go back';
COMMENT ON COLUMN marts.calls_by_hour.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.calls_by_hour.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.calls_by_hour.grain IS 'What one call is here, as in facts.calls. Never add different grains';
COMMENT ON COLUMN marts.calls_by_hour.direction IS 'inbound, outbound, internal or unknown';
COMMENT ON COLUMN marts.calls_by_hour.queue_name IS 'Queue, skill or popup: its name, or its key where it has no name. NULL: the vendor names none';
COMMENT ON COLUMN marts.calls_by_hour.flow_name IS 'IVR flow: its name, or its key where it has no name. NULL: the vendor names none';
COMMENT ON COLUMN marts.calls_by_hour.disposition IS 'How the calls ended, as in facts.calls';
COMMENT ON COLUMN marts.calls_by_hour.outcome IS 'What that counts as: facts.outcome(disposition, direction, is_final)';
COMMENT ON COLUMN marts.calls_by_hour.calls IS 'Calls that the vendor has, open ones included, missing ones not';
COMMENT ON COLUMN marts.calls_by_hour.open_calls IS 'Of these, those that the vendor may still change';
COMMENT ON COLUMN marts.calls_by_hour.missing_calls IS 'Calls that full reads no longer return; in no other figure';
COMMENT ON COLUMN marts.calls_by_hour.waits IS 'Calls whose wait is known: wait_s divided by this is the average';
COMMENT ON COLUMN marts.calls_by_hour.wait_s IS 'Seconds waited by all of them. NULL: known of none';
COMMENT ON COLUMN marts.calls_by_hour.talks IS 'Calls in which somebody talked: talk_s divided by this is the average';
COMMENT ON COLUMN marts.calls_by_hour.talk_s IS 'Seconds talked in all of them. NULL: known of none';
