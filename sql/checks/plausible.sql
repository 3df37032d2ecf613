-- Days of which the last full read showed so little that it isn't believed.
SELECT account, call_date, note FROM ops.days
 WHERE account = ANY(:accounts) AND stream = :stream AND doubted_since IS NOT NULL AND state <> 'complete' AND expired_at IS NULL;
