DELETE FROM ops.requests WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.requests WHERE requested_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
