-- A zone has several names, and others share its clocks for some years. Of one that this server doesn't know
-- nobody can tell.
CREATE OR REPLACE FUNCTION ops.same_clocks(day date, one text, other text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN one = other
    OR (SELECT (ops.day_start(day, a), ops.day_start(day + 1, a)) = (ops.day_start(day, b), ops.day_start(day + 1, b))
               AND NOT EXISTS (SELECT FROM generate_series(ops.day_start(day, a), ops.day_start(day + 1, a), interval '30 minutes') AS moment
                                WHERE moment AT TIME ZONE a <> moment AT TIME ZONE b)
          FROM (SELECT ops.known_zone(one), ops.known_zone(other)) AS zones (a, b)
         WHERE a IS NOT NULL AND b IS NOT NULL) IS TRUE;
COMMENT ON FUNCTION ops.same_clocks IS 'Whether a business day is the same by two time zones, hour by hour';
