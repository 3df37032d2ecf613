-- Days that failed, and yesterdays that weren't read whole three hours after their end. An account
-- that has just been added has an hour for it.
SELECT a.account, d.call_date, d.note
  FROM unnest(CAST(:accounts AS text[])) AS a (account)
  JOIN ops.days d ON d.account = a.account AND d.stream = :stream AND d.state = 'failed' AND d.expired_at IS NULL
UNION ALL
SELECT a.account, a.yesterday, coalesce('not read whole yet: ' || coalesce(s.last_error, d.note), 'not read whole yet: is the schedule running?')
  FROM unnest(CAST(:accounts AS text[]), CAST(:yesterdays AS date[]), CAST(:late AS boolean[])) AS a (account, yesterday, late)
  JOIN ops.streams s ON s.account = a.account AND s.stream = :stream AND s.watermark IS NOT NULL
  LEFT JOIN ops.days d ON d.account = a.account AND d.stream = :stream AND d.call_date = a.yesterday
 WHERE a.late AND coalesce(d.state, 'open') = 'open'
   AND EXISTS (SELECT FROM ops.requests q
                WHERE q.account = a.account AND q.requested_at < CAST(:now AS timestamptz) - interval '1 hour');
