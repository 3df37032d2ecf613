DELETE FROM ops.known_batches WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.known_batches WHERE last_day = :day LIMIT :most)) RETURNING 1;
