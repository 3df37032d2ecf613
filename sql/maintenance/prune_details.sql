-- Of details that have come since. Those that never came stay: they aren't asked for again.
DELETE FROM ops.details WHERE ctid = ANY(ARRAY(
    SELECT d.ctid FROM ops.details d JOIN raw.heads h USING (account, stream, record_key)
     WHERE NOT h.rejected AND d.call_date < current_date - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
