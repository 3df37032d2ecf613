DELETE FROM ops.details WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.details WHERE call_date = :day LIMIT :most)) RETURNING 1;
