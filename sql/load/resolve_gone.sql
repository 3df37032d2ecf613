-- Of a set that was replaced as a whole, what is gone isn't wrong any more.
UPDATE ops.rejects SET resolved_at = now()
 WHERE account = :account AND stream = :stream AND record_key = ANY(:keys) AND resolved_at IS NULL;
