DELETE FROM ops.rejects WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.rejects WHERE resolved_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
