-- Of the days of which anything was read those on which the mart is up to date, newest first.
SELECT DISTINCT call_date FROM ops.days d
 WHERE call_date = ANY(CAST(:days AS date[])) AND (state <> 'failed' OR raw_records > 0)
   AND NOT EXISTS (SELECT FROM ops.stale_days s
                    WHERE s.call_date = d.call_date AND (s.mart = :mart OR s.mart IS NULL))
 ORDER BY call_date DESC;
