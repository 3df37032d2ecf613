-- Of the days those whose mart is up to date with facts that were read, newest first.
SELECT DISTINCT call_date FROM ops.days d
 WHERE call_date = ANY(CAST(:days AS date[])) AND read_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM ops.stale_days s
                    WHERE s.call_date = d.call_date AND (s.mart = :mart OR s.mart IS NULL))
 ORDER BY call_date DESC;
