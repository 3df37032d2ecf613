-- Calls that started from one instant to before another, on whatever business days: the planner sees
-- the few days that they can be on, and no others. (Where only started_at is given it has to look
-- at every day, which takes longer than the answer.)
CREATE OR REPLACE FUNCTION facts.calls_between(first timestamptz, until timestamptz)
RETURNS SETOF facts.calls LANGUAGE sql STABLE AS $$
    SELECT * FROM facts.calls
     WHERE started_at >= first AND started_at < until
       AND call_date BETWEEN (first AT TIME ZONE 'Etc/GMT+12')::date AND (until AT TIME ZONE 'Etc/GMT-14')::date
$$;
COMMENT ON FUNCTION facts.calls_between IS 'Calls that started from one instant to before another';

CREATE OR REPLACE FUNCTION masked.calls_between(first timestamptz, until timestamptz)
RETURNS SETOF facts.calls LANGUAGE sql STABLE AS $$
    SELECT * FROM masked.calls
     WHERE started_at >= first AND started_at < until
       AND call_date BETWEEN (first AT TIME ZONE 'Etc/GMT+12')::date AND (until AT TIME ZONE 'Etc/GMT-14')::date
$$;
COMMENT ON FUNCTION masked.calls_between IS 'facts.calls_between with personal data masked';
