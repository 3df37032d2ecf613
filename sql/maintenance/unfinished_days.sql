-- The accounts' streams whose day wasn't read whole, and why. A day that nobody has read has no row.
SELECT a.account, a.stream, a.day AS call_date, coalesce(d.state, 'not read') AS state,
       coalesce(d.note, s.last_error) AS note
  FROM unnest(CAST(:accounts AS text[]), CAST(:streams AS text[]), CAST(:firsts AS date[]),
              CAST(:days AS date[])) AS a (account, stream, start_date, day)
  LEFT JOIN ops.days d ON d.account = a.account AND d.stream = a.stream AND d.call_date = a.day
  LEFT JOIN ops.streams s ON s.account = a.account AND s.stream = a.stream
 WHERE a.day >= a.start_date AND coalesce(d.state, 'open') IN ('open', 'failed')
 ORDER BY state, account, stream;
