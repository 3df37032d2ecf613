-- What was asked of vendors in a span of time, and by whom.
SELECT account, report, count(*) AS requests, count(*) FILTER (WHERE backfill) AS by_backfill,
       count(*) FILTER (WHERE error IS NOT NULL) AS failed, coalesce(sum(bytes), 0)::bigint AS bytes
  FROM ops.requests WHERE requested_at >= :since AND requested_at < :until
 GROUP BY account, report ORDER BY requests DESC, account, report;
