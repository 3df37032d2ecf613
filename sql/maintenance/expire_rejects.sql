DELETE FROM ops.rejects WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.rejects WHERE call_date = :day LIMIT :most)) RETURNING 1;
