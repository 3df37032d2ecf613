-- What somebody should look at, of the accounts' streams given; one row a problem.
WITH asked AS (
    SELECT a.*, zone, :now AT TIME ZONE zone AS local_now
      FROM unnest(CAST(:accounts AS text[]), CAST(:streams AS text[]), CAST(:timezones AS text[]),
                  CAST(:firsts AS date[]), CAST(:polls AS interval[]))
           AS a (account, stream, timezone, start_date, poll_every)
     CROSS JOIN LATERAL (SELECT ops.known_zone(a.timezone) AS zone) z
), known AS (
    SELECT a.*, s.stopped_at, s.failures, s.last_error, s.last_success_at, s.next_due_at,
           s.account IS NOT NULL AS was_polled,
           (SELECT min(q.requested_at) FROM ops.requests q WHERE q.account = a.account) AS asked_since
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
-- At six in the morning, days up to yesterday should have been read whole. A settling day has been; an account
-- that has just been added has an hour for it, and the days of before are read by and by: of these only what failed
-- is told. The day isn't in the problem's key: at the next midnight it is the same problem.
SELECT 'incomplete', k.account, k.stream, NULL,
       concat(max(l.call_date), ': ', (array_agg(l.note ORDER BY l.call_date DESC))[1],
              CASE WHEN count(*) > 1 THEN format(' (and %s more days)', count(*) - 1) END)
  FROM known k
 CROSS JOIN LATERAL (SELECT (k.local_now - interval '6 hours')::date - 1 AS day,
                            greatest(k.start_date, (k.asked_since AT TIME ZONE k.zone)::date - 1) AS since) AS y
 CROSS JOIN LATERAL (
    SELECT d.call_date, coalesce(d.note, d.state) AS note FROM ops.days d
     WHERE d.account = k.account AND d.stream = k.stream AND d.state <> 'complete' AND d.call_date <= y.day
       AND (d.state = 'failed' OR d.state = 'open' AND d.call_date >= y.since) AND d.expired_at IS NULL
     UNION ALL
    SELECT y.day, coalesce(k.last_error, 'not read')
     WHERE y.day >= y.since
       AND NOT EXISTS (SELECT FROM ops.days d WHERE d.account = k.account AND d.stream = k.stream AND d.call_date = y.day)
    ) AS l
 WHERE k.was_polled AND k.asked_since < :now - interval '1 hour'
 GROUP BY k.account, k.stream
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
