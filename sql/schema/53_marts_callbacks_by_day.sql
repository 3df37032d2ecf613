CREATE TABLE marts.callbacks_by_day (
    call_date            date             NOT NULL,
    account              text             NOT NULL,
    vendor               text             NOT NULL,
    queue_name           text,
    attempt_no           integer,
    requests             bigint           NOT NULL,
    answered_requests    bigint           NOT NULL,
    unanswered_requests  bigint           NOT NULL,
    open_requests        bigint           NOT NULL,
    not_offered_requests bigint           NOT NULL,
    missing_requests     bigint           NOT NULL,
    talk_s               double precision
);
CREATE INDEX callbacks_by_day_day ON marts.callbacks_by_day (call_date, account);
COMMENT ON TABLE marts.callbacks_by_day IS 'Callback requests by business day and number of attempts so far. A request''s day is that of its latest attempt';
COMMENT ON COLUMN marts.callbacks_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.callbacks_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.callbacks_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.callbacks_by_day.queue_name IS 'The popup that the request came from';
COMMENT ON COLUMN marts.callbacks_by_day.attempt_no IS 'Attempts so far: 1 is no retry. NULL: the vendor doesn''t say';
COMMENT ON COLUMN marts.callbacks_by_day.requests IS 'Requests with so many attempts';
COMMENT ON COLUMN marts.callbacks_by_day.answered_requests IS 'Of these: connected';
COMMENT ON COLUMN marts.callbacks_by_day.unanswered_requests IS 'Of these: given up';
COMMENT ON COLUMN marts.callbacks_by_day.open_requests IS 'Of these: queued, running or to be tried again';
COMMENT ON COLUMN marts.callbacks_by_day.not_offered_requests IS 'Of these: spam, or out of hours';
COMMENT ON COLUMN marts.callbacks_by_day.missing_requests IS 'Requests that full reads no longer return; in no other figure';
COMMENT ON COLUMN marts.callbacks_by_day.talk_s IS 'Seconds talked. NULL: none';
