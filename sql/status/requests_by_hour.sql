-- How many requests were made in each hour of the day, UTC.
SELECT extract(hour FROM requested_at AT TIME ZONE 'UTC')::integer AS hour, count(*) AS requests
  FROM ops.requests WHERE requested_at >= :since AND requested_at < :until
 GROUP BY hour ORDER BY hour;
