-- Days that were read, and had nothing of which a detail could be asked for.
SELECT call_date FROM ops.days
 WHERE account = :account AND stream = :parent AND call_date = ANY(CAST(:days AS date[]))
   AND facts = 0 AND state <> 'failed' AND last_polled_at IS NOT NULL;
