DELETE FROM ops.holds WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.holds WHERE until < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
