-- Of credentials that nobody uses any more: others are seen to at each request.
DELETE FROM ops.waiters WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.waiters WHERE expires_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
