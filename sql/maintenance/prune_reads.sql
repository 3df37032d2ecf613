-- Of readers that were killed, and of streams that nobody reads any more.
DELETE FROM ops.reads WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.reads WHERE expires_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
