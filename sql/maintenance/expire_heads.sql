DELETE FROM raw.heads WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM raw.heads WHERE call_date = :day LIMIT :most)) RETURNING 1;
