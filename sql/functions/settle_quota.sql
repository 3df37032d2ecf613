-- What a bucket has of days that haven't begun is of today: the clock was ahead over midnight and is set back since, or
-- the account's time zone was another one. What the vendor said there of its quota holds until midnight.
CREATE OR REPLACE FUNCTION ops.settle_quota(p_bucket text, p_timezone text, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    today CONSTANT date := (p_now AT TIME ZONE p_timezone)::date;
    soon  CONSTANT date := ((p_now + interval '1 minute') AT TIME ZONE p_timezone)::date;
    ahead ops.quotas;
BEGIN
    FOR ahead IN DELETE FROM ops.quotas q WHERE q.bucket = p_bucket AND q.day > soon RETURNING q.* LOOP
        ahead.day := today;
        IF ahead.exhausted_until IS NOT NULL THEN
            ahead.exhausted_until := (today + 1)::timestamp AT TIME ZONE p_timezone;
        END IF;
        PERFORM ops.add_quota(ahead);
    END LOOP;
END $$;
