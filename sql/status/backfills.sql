-- How far running backfills have come, and when they will be done at this pace. One that was killed leaves its row: who
-- runs was heard of within a minute, reads, or waits for somebody else who reads days of its.
SELECT b.account, b.stream, b.windows, b.done, b.days, p.days_read, p.requests, b.details, b.started_at, p.expected_at
  FROM ops.backfills b, ops.backfill_progress(b) AS p
 WHERE b.done < b.windows
   AND (b.seen_at > ops.now() - interval '1 minute'
        OR EXISTS (SELECT FROM ops.reads r
                    WHERE r.account = b.account AND r.stream = b.stream AND r.expires_at > ops.now()
                      AND (coalesce(r.run_id, '') = b.run_id OR EXISTS (
                          SELECT FROM unnest(r.days) AS day WHERE day BETWEEN b.first_day AND b.last_day))))
 ORDER BY b.account, b.stream;
