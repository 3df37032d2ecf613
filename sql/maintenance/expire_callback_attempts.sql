DELETE FROM facts.callback_attempts WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM facts.callback_attempts WHERE call_date = :day LIMIT :most)) RETURNING 1;
