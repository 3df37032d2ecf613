-- Of the days those that were read, however well, and whose records, or their raw, aren't gone for their age:
-- newest first.
SELECT call_date FROM ops.days
 WHERE account = :account AND stream = :stream AND call_date = ANY(CAST(:days AS date[]))
   AND last_polled_at IS NOT NULL AND expired_at IS NULL
   AND (raw_records = 0 OR EXISTS (SELECT FROM raw.records r
                                    WHERE r.call_date = days.call_date AND r.account = days.account
                                      AND r.stream = days.stream))
 ORDER BY call_date DESC;
