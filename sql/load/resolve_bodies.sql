-- The vendor's answers can be read again.
UPDATE ops.rejects SET resolved_at = now()
 WHERE account = :account AND stream = :stream AND call_date = ANY(:days) AND field = 'body'
   AND record_key IS NULL AND resolved_at IS NULL
RETURNING call_date;
