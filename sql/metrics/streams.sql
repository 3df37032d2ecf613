-- How each account's streams stand. Of days, those gone by: `first` and `today` are the account's
-- first business day and its present one.
WITH asked AS (
    SELECT * FROM unnest(CAST(:accounts AS text[]), CAST(:streams AS text[]), CAST(:firsts AS date[]),
                         CAST(:todays AS date[]))
                  AS a (account, stream, first, today)
), days AS (
    SELECT account, stream,
           count(*) FILTER (WHERE state = 'complete') AS complete,
           count(*) FILTER (WHERE state = 'settling') AS settling,
           count(*) FILTER (WHERE state = 'open') AS open,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE doubted_since IS NOT NULL AND state <> 'complete' AND expired_at IS NULL) AS doubted,
           count(*) AS known
      FROM ops.days JOIN asked USING (account, stream)
     WHERE call_date >= first AND call_date < today
     GROUP BY account, stream
), rejects AS (
    SELECT account, stream, count(*) AS rejects
      FROM ops.rejects WHERE resolved_at IS NULL GROUP BY account, stream
)
SELECT account, stream, s.last_success_at, coalesce(s.failures, 0) AS failures, s.stopped_at IS NOT NULL AS stopped,
       coalesce(d.complete, 0) AS complete, coalesce(d.settling, 0) AS settling, coalesce(d.open, 0) AS open,
       coalesce(d.failed, 0) AS failed, coalesce(d.doubted, 0) AS doubted,
       greatest(a.today - a.first, 0) - coalesce(d.known, 0) AS unread,
       coalesce(r.rejects, 0) AS rejects
  FROM asked a
  LEFT JOIN ops.streams s USING (account, stream)
  LEFT JOIN days d USING (account, stream)
  LEFT JOIN rejects r USING (account, stream);
