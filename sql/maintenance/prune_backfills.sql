-- Of runs that were killed: others take away their own.
DELETE FROM ops.backfills WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.backfills WHERE seen_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
