-- The newest day of each daily quota.
SELECT DISTINCT ON (bucket) bucket, day, used, by_backfill, exhausted_until
  FROM ops.quotas WHERE day >= :since
 ORDER BY bucket, day DESC;
