DELETE FROM ops.quotas WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.quotas WHERE day < current_date - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
