-- Business days whose figures can't be trusted as they are, the gravest and newest first.
SELECT call_date, account, vendor, trust, why, count(*) OVER () AS days
  FROM marts.trust_by_day
 WHERE trust <> 'trusted'
 ORDER BY array_position(ARRAY['wrong', 'not_read', 'provisional'], trust), call_date DESC, account
 LIMIT :most;
