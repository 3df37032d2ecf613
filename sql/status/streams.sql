-- How each account's streams stand. Only days gone by are judged: today is always open.
-- `first` and `today` are the account's first business day and its present one.
WITH asked AS (
    SELECT * FROM unnest(CAST(:accounts AS text[]), CAST(:streams AS text[]), CAST(:firsts AS date[]),
                         CAST(:todays AS date[]))
                  WITH ORDINALITY AS a (account, stream, first, today, place)
)
SELECT a.account, a.stream, s.last_success_at, coalesce(s.failures, 0) AS failures, s.last_error,
       d.complete, d.open, d.settling, d.failed, d.unread, d.open_records,
       lacking.call_date AS oldest_incomplete, lacking.state AS oldest_state, lacking.note AS oldest_note,
       (SELECT count(*) FROM ops.rejects r
         WHERE r.account = a.account AND r.stream = a.stream AND r.resolved_at IS NULL) AS rejects
  FROM asked a
  LEFT JOIN ops.streams s USING (account, stream)
 CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'complete') AS complete,
           count(*) FILTER (WHERE state = 'open') AS open,
           count(*) FILTER (WHERE state = 'settling') AS settling,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           greatest(a.today - a.first, 0)
               - count(*) FILTER (WHERE call_date >= a.first AND call_date < a.today) AS unread,
           coalesce(sum(open_records), 0)::bigint AS open_records
      FROM ops.days WHERE account = a.account AND stream = a.stream) AS d
  LEFT JOIN LATERAL (
    SELECT day AS call_date, coalesce(o.state, 'unread') AS state, o.note
      FROM (SELECT a.first + n AS day FROM generate_series(0, a.today - a.first - 1) AS n) AS calendar
      LEFT JOIN ops.days o ON o.account = a.account AND o.stream = a.stream AND o.call_date = day
     WHERE o.state IS DISTINCT FROM 'complete'
     ORDER BY day LIMIT 1) AS lacking ON true
 ORDER BY a.place;
