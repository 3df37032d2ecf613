-- Business days gone by that aren't complete, or are to be read once more; those never read have no state. What is gone for
-- its age isn't read again. One that was read and showed nothing, or not all that is known, is silent.
SELECT day AS call_date, d.state, d.next_read_at,
       d.read_at IS NOT NULL AND d.raw_records = 0 OR d.lacking IS NOT NULL AS is_silent
  FROM (SELECT CAST(:first AS date) + n AS day
          FROM generate_series(0, CAST(:last AS date) - CAST(:first AS date)) AS n) AS calendar
  LEFT JOIN ops.days d ON d.account = :account AND d.stream = :stream AND d.call_date = day
 WHERE (d.state IS DISTINCT FROM 'complete' OR d.next_read_at <= :now) AND d.expired_at IS NULL
 ORDER BY day;
