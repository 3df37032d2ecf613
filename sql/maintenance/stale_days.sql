-- Days that the marts are behind on, newest first: those that no load has changed for a while, and
-- those that have waited long enough for that.
SELECT call_date FROM ops.stale_days GROUP BY call_date
HAVING max(stale_since) <= now() - CAST(:quiet AS interval) OR min(stale_since) <= now() - CAST(:patience AS interval)
 ORDER BY call_date DESC;
