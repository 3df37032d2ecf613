-- Workers that were lost.
DELETE FROM ops.workers WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.workers WHERE expires_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
