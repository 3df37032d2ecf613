-- What had no key and isn't in a full read of its day any more.
UPDATE ops.rejects SET resolved_at = now()
 WHERE account = :account AND stream = :stream AND call_date = ANY(:days) AND record_key IS NULL
   AND resolved_at IS NULL AND NOT (digest = ANY(CAST(:digests AS uuid[])));
