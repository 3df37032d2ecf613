-- Which of these time zones this server doesn't know.
SELECT timezone FROM unnest(CAST(:timezones AS text[])) AS timezone WHERE ops.known_zone(timezone) IS NULL;
