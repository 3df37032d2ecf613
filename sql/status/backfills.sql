-- How far running backfills have come, and when they will be done at this pace.
SELECT account, stream, windows, done, started_at, ops.backfill_end(b) AS expected_at
  FROM ops.backfills b WHERE done < windows AND seen_at > now() - interval '10 minutes'
 ORDER BY account, stream;
