CREATE TABLE marts.calls_by_day (
    call_date         date             NOT NULL,
    account           text             NOT NULL,
    vendor            text             NOT NULL,
    grain             text             NOT NULL,
    direction         text             NOT NULL,
    queue_name        text,
    flow_name         text,
    calls             bigint           NOT NULL,
    answered_calls    bigint           NOT NULL,
    abandoned_calls   bigint           NOT NULL,
    unanswered_calls  bigint           NOT NULL,
    handed_on_calls   bigint           NOT NULL,
    contained_calls   bigint           NOT NULL,
    not_offered_calls bigint           NOT NULL,
    open_calls        bigint           NOT NULL,
    unknown_calls     bigint           NOT NULL,
    missing_calls     bigint           NOT NULL,
    answer_rate       double precision,
    abandonment_rate  double precision,
    answered_in_20s   bigint           NOT NULL,
    waits             bigint           NOT NULL,
    wait_s            double precision,
    avg_wait_s        double precision,
    p50_wait_s        double precision,
    p90_wait_s        double precision,
    talks             bigint           NOT NULL,
    talk_s            double precision,
    avg_talk_s        double precision,
    p50_talk_s        double precision,
    p90_talk_s        double precision
);
CREATE INDEX calls_by_day_day ON marts.calls_by_day (call_date, account);
COMMENT ON TABLE marts.calls_by_day IS 'Calls by business day and queue: what became of them, rates, waits and talks. Counts and sums may be added within a grain; rates, averages and percentiles may not';
COMMENT ON COLUMN marts.calls_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.calls_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.calls_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.calls_by_day.grain IS 'What one call is here, as in facts.calls. Never add different grains';
COMMENT ON COLUMN marts.calls_by_day.direction IS 'inbound, outbound, internal or unknown';
COMMENT ON COLUMN marts.calls_by_day.queue_name IS 'Queue, skill or popup: its name, or its key where it has no name. NULL: the vendor names none';
COMMENT ON COLUMN marts.calls_by_day.flow_name IS 'IVR flow: its name, or its key where it has no name. NULL: the vendor names none';
COMMENT ON COLUMN marts.calls_by_day.calls IS 'Calls that the vendor has, open ones included, missing ones not';
COMMENT ON COLUMN marts.calls_by_day.answered_calls IS 'Somebody talked with somebody: outcome answered';
COMMENT ON COLUMN marts.calls_by_day.abandoned_calls IS 'The caller gave up before anybody answered: outcome abandoned';
COMMENT ON COLUMN marts.calls_by_day.unanswered_calls IS 'Nobody answered, or only a machine: outcome unanswered';
COMMENT ON COLUMN marts.calls_by_day.handed_on_calls IS 'An IVR flow passed them on; whether somebody answered isn''t told: outcome handed_on';
COMMENT ON COLUMN marts.calls_by_day.contained_calls IS 'They ended inside an IVR flow: outcome contained';
COMMENT ON COLUMN marts.calls_by_day.not_offered_calls IS 'Never offered to anybody, being blocked or out of hours: outcome not_offered';
COMMENT ON COLUMN marts.calls_by_day.open_calls IS 'Not over yet: outcome open';
COMMENT ON COLUMN marts.calls_by_day.unknown_calls IS 'The vendor doesn''t say what became of them: outcome unknown';
COMMENT ON COLUMN marts.calls_by_day.missing_calls IS 'Calls that full reads no longer return; in no other figure';
COMMENT ON COLUMN marts.calls_by_day.answer_rate IS 'answered_calls / (answered + abandoned + unanswered), 0 to 1. NULL: none of these, or a grain that doesn''t tell (ivr_session, recorded_call)';
COMMENT ON COLUMN marts.calls_by_day.abandonment_rate IS 'abandoned_calls / (answered + abandoned + unanswered), 0 to 1. NULL: as answer_rate';
COMMENT ON COLUMN marts.calls_by_day.answered_in_20s IS 'Answered calls that waited 20 seconds at most; divided by answered_calls: the service level';
COMMENT ON COLUMN marts.calls_by_day.waits IS 'Calls whose wait is known';
COMMENT ON COLUMN marts.calls_by_day.wait_s IS 'Seconds waited by all of them. NULL: known of none';
COMMENT ON COLUMN marts.calls_by_day.avg_wait_s IS 'wait_s / waits';
COMMENT ON COLUMN marts.calls_by_day.p50_wait_s IS 'Median wait in seconds';
COMMENT ON COLUMN marts.calls_by_day.p90_wait_s IS 'Nine of ten waited no longer, in seconds';
COMMENT ON COLUMN marts.calls_by_day.talks IS 'Calls in which somebody talked';
COMMENT ON COLUMN marts.calls_by_day.talk_s IS 'Seconds talked in all of them. NULL: known of none';
COMMENT ON COLUMN marts.calls_by_day.avg_talk_s IS 'talk_s / talks';
COMMENT ON COLUMN marts.calls_by_day.p50_talk_s IS 'Median talk in seconds';
COMMENT ON COLUMN marts.calls_by_day.p90_talk_s IS 'Nine of ten talked no longer, in seconds';
