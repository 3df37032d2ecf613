DELETE FROM marts.callers_by_day WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM marts.callers_by_day WHERE call_date = :day LIMIT :most)) RETURNING 1;
