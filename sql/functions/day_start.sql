-- The first instant of a business day. Where clocks go back at one to midnight, as in Havana, it is midnight
-- twice, and Postgres takes the later one.
CREATE OR REPLACE FUNCTION ops.day_start(day date, timezone text) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (day::timestamp AT TIME ZONE timezone - interval '1 hour') AT TIME ZONE timezone = day::timestamp
    THEN day::timestamp AT TIME ZONE timezone - interval '1 hour'
    ELSE day::timestamp AT TIME ZONE timezone
END;
COMMENT ON FUNCTION ops.day_start IS 'The first instant of a business day by the clocks of a time zone';
