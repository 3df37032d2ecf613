-- Of the days those that were read, and whose records aren't gone for their age, however well: newest first.
SELECT call_date FROM ops.days
 WHERE account = :account AND stream = :stream AND call_date = ANY(CAST(:days AS date[]))
   AND last_polled_at IS NOT NULL AND expired_at IS NULL
 ORDER BY call_date DESC;
