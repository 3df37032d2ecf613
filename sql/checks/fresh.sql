-- Accounts whose polls stopped, or have failed for too long.
SELECT a.account, CAST(NULL AS date) AS call_date,
       CASE WHEN s.stopped_at IS NOT NULL THEN s.last_error
            ELSE format('no poll got through since %s UTC: %s', to_char(s.watermark AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'),
                        coalesce(s.last_error, 'is the schedule running?')) END AS note
  FROM unnest(CAST(:accounts AS text[]), CAST(:patience_s AS double precision[])) AS a (account, patience_s)
  JOIN ops.streams s ON s.account = a.account AND s.stream = :stream
 WHERE s.stopped_at IS NOT NULL OR s.watermark < :now - make_interval(secs => a.patience_s);
