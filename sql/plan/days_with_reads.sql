-- Of the days those of which anything was read, newest first.
SELECT DISTINCT call_date FROM ops.days
 WHERE call_date = ANY(CAST(:days AS date[])) AND (state <> 'failed' OR raw_records > 0)
 ORDER BY call_date DESC;
