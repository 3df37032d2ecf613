DELETE FROM ops.field_faults WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.field_faults WHERE call_date = :day LIMIT :most)) RETURNING 1;
