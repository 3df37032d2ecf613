-- How far running backfills have come, and when they will be done at this pace.
SELECT b.account, b.stream, b.windows, b.done, b.days, p.days_read, p.requests, b.details, b.started_at, p.expected_at
  FROM ops.backfills b, ops.backfill_progress(b) AS p
 WHERE b.done < b.windows AND b.seen_at > ops.now() - interval '10 minutes'
 ORDER BY b.account, b.stream;
