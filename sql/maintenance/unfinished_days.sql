-- Accounts' streams whose latest business day that ended hours ago was never read whole, and why.
SELECT d.account, d.stream, d.call_date, d.state, d.note
  FROM ops.days d
 WHERE d.call_date BETWEEN (:now AT TIME ZONE 'UTC')::date - 2 AND (:now AT TIME ZONE 'UTC')::date
   AND d.call_date = ((:now - interval '6 hours') AT TIME ZONE coalesce(d.timezone, 'UTC'))::date - 1
   AND d.state IN ('open', 'failed')
 ORDER BY d.state, d.account, d.stream;
