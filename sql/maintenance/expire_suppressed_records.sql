DELETE FROM ops.suppressed_records WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.suppressed_records WHERE call_date = :day LIMIT :most)) RETURNING 1;
