-- When business days begin, by what this server knows of time zones; NULL where it doesn't know one.
SELECT timezone, day::date AS day, ops.day_start(day::date, ops.known_zone(timezone)) AS starts_at
  FROM unnest(CAST(:timezones AS text[])) AS timezone
 CROSS JOIN generate_series(CAST(:first AS timestamp), CAST(:last AS timestamp), interval '1 day') AS day
 ORDER BY timezone, day;
