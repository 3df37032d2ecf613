-- A zone has several names, and others share its clocks for some years.
CREATE OR REPLACE FUNCTION ops.same_clocks(day date, one text, other text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN one = other
    OR (ops.day_start(day, one), ops.day_start(day + 1, one)) = (ops.day_start(day, other), ops.day_start(day + 1, other))
       AND NOT EXISTS (SELECT FROM generate_series(ops.day_start(day, one), ops.day_start(day + 1, one), interval '30 minutes') AS moment
                        WHERE moment AT TIME ZONE one <> moment AT TIME ZONE other);
COMMENT ON FUNCTION ops.same_clocks IS 'Whether a business day is the same by two time zones, hour by hour';
