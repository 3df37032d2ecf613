-- Of the days those that were read, however well, newest first; whether raw has them still, or it, or the day,
-- has gone for its age.
SELECT call_date,
       expired_at IS NULL
       AND (raw_records = 0 OR EXISTS (SELECT FROM raw.records r
                                        WHERE r.call_date = days.call_date AND r.account = days.account
                                          AND r.stream = days.stream)) AS has_raw
  FROM ops.days
 WHERE account = :account AND stream = :stream AND call_date = ANY(CAST(:days AS date[]))
   AND last_polled_at IS NOT NULL
 ORDER BY call_date DESC;
