-- What somebody should look at, of the accounts' streams given; one row a problem.
WITH asked AS (
    SELECT a.*, :now AT TIME ZONE a.timezone AS local_now
      FROM unnest(CAST(:accounts AS text[]), CAST(:streams AS text[]), CAST(:timezones AS text[]),
                  CAST(:firsts AS date[]), CAST(:polls AS interval[]), CAST(:details AS boolean[]))
           AS a (account, stream, timezone, start_date, poll_every, is_detail)
), known AS (
    SELECT a.*, s.stopped_at, s.failures, s.last_error, s.last_success_at, s.next_due_at,
           s.account IS NOT NULL AS was_polled
      FROM asked a LEFT JOIN ops.streams s USING (account, stream)
)
SELECT 'stopped' AS kind, account, stream, NULL AS about, last_error AS detail
  FROM known WHERE stopped_at IS NOT NULL
UNION ALL
SELECT 'failing', account, stream, NULL, last_error
  FROM known WHERE stopped_at IS NULL AND failures >= 3
UNION ALL
SELECT 'late', account, stream, NULL,
       concat_ws('; ', 'last read ' || to_char(last_success_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
                 last_error)
  FROM known
 WHERE stopped_at IS NULL AND failures < 3 AND last_success_at < :now - 3 * poll_every
UNION ALL
-- At six in the morning, yesterday should have been read whole. A settling day has been; an account
-- that has just been added has an hour for it.
SELECT 'incomplete', k.account, k.stream, to_char(y.day, 'YYYY-MM-DD'), d.note
  FROM known k CROSS JOIN LATERAL (SELECT k.local_now::date - 1 AS day) AS y
  LEFT JOIN ops.days d ON d.account = k.account AND d.stream = k.stream AND d.call_date = y.day
 WHERE k.was_polled AND k.stopped_at IS NULL AND k.failures < 3
   AND k.local_now::time >= time '06:00' AND y.day >= k.start_date
   AND coalesce(d.state, 'open') IN ('open', 'failed')
   AND EXISTS (SELECT FROM ops.requests q
                WHERE q.account = k.account AND q.requested_at < :now - interval '1 hour')
   -- Details have days only where what they are details of has any.
   AND NOT (k.is_detail AND d.state IS NULL)
UNION ALL
SELECT 'doubted', d.account, d.stream, NULL,
       concat(max(d.call_date), ': ', (array_agg(d.note ORDER BY d.call_date DESC))[1],
              CASE WHEN count(*) > 1 THEN format(' (and %s more days)', count(*) - 1) END)
  FROM ops.days d JOIN asked a USING (account, stream)
 WHERE d.doubted_since IS NOT NULL AND d.state <> 'complete' AND d.expired_at IS NULL
 GROUP BY d.account, d.stream
UNION ALL
SELECT 'rejects', r.account, r.stream, r.field, r.reason
  FROM ops.rejects r JOIN asked a USING (account, stream)
 WHERE r.resolved_at IS NULL
 GROUP BY r.account, r.stream, r.field, r.reason
ORDER BY 1, 3, 2, 4, 5;
