CREATE TABLE marts.agents_by_day (
    call_date      date             NOT NULL,
    account        text             NOT NULL,
    vendor         text             NOT NULL,
    agent_name     text             NOT NULL,
    calls          bigint,
    answered_calls bigint,
    talk_s         double precision,
    avg_talk_s     double precision,
    cost           numeric,
    reported_calls bigint,
    reported_cost  numeric,
    currency       text
);
CREATE INDEX agents_by_day_day ON marts.agents_by_day (call_date, account);
COMMENT ON TABLE marts.agents_by_day IS 'Agents by business day: what their calls in facts.calls add up to, beside the totals that the vendor itself reports';
COMMENT ON COLUMN marts.agents_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.agents_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.agents_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.agents_by_day.agent_name IS 'The agent: name, or key where there is no name';
COMMENT ON COLUMN marts.agents_by_day.calls IS 'Calls of grain call with this agent. NULL: none are loaded, see reported_calls';
COMMENT ON COLUMN marts.agents_by_day.answered_calls IS 'Of these, the answered ones';
COMMENT ON COLUMN marts.agents_by_day.talk_s IS 'Seconds talked. NULL: not known';
COMMENT ON COLUMN marts.agents_by_day.avg_talk_s IS 'talk_s by calls in which somebody talked';
COMMENT ON COLUMN marts.agents_by_day.cost IS 'Cost of these calls, in currency. NULL: not known, or in several currencies';
COMMENT ON COLUMN marts.agents_by_day.reported_calls IS 'The vendor''s own total (facts.agent_usage). NULL: it reports none. Never add it to calls';
COMMENT ON COLUMN marts.agents_by_day.reported_cost IS 'The vendor''s own total, in currency. NULL: it reports none, or in another currency than cost';
COMMENT ON COLUMN marts.agents_by_day.currency IS 'ISO 4217 code of cost and reported_cost. Never add different currencies';
