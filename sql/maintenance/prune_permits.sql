-- Of credentials that nobody uses any more: others are seen to at each request.
DELETE FROM ops.permits WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.permits
     WHERE coalesce(reached_at, expires_at) + make_interval(secs => counts_s) < now() - CAST(:keep AS interval)
     LIMIT :most)) RETURNING 1;
