CREATE TABLE marts.costs_by_day (
    call_date date             NOT NULL,
    account   text             NOT NULL,
    vendor    text             NOT NULL,
    grain     text             NOT NULL,
    currency  text,
    calls     bigint           NOT NULL,
    cost      numeric          NOT NULL,
    talk_s    double precision
);
CREATE INDEX costs_by_day_day ON marts.costs_by_day (call_date, account);
COMMENT ON TABLE marts.costs_by_day IS 'What calls cost, each currency by itself. Vendors'' own totals by agent are in marts.agents_by_day and contain these: never add both';
COMMENT ON COLUMN marts.costs_by_day.call_date IS 'Business day, in the account''s time zone';
COMMENT ON COLUMN marts.costs_by_day.account IS 'Account, as in accounts.toml';
COMMENT ON COLUMN marts.costs_by_day.vendor IS 'The vendor, by its name in accounts.toml, such as wolkvox';
COMMENT ON COLUMN marts.costs_by_day.grain IS 'What one call is here, as in facts.calls. Never add different grains';
COMMENT ON COLUMN marts.costs_by_day.currency IS 'ISO 4217 code. NULL: accounts.toml names none. Never add different currencies';
COMMENT ON COLUMN marts.costs_by_day.calls IS 'Calls with a cost; missing ones aren''t counted';
COMMENT ON COLUMN marts.costs_by_day.cost IS 'What they cost, in currency';
COMMENT ON COLUMN marts.costs_by_day.talk_s IS 'Seconds talked in them. NULL: not known';
