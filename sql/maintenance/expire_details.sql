-- Of audio it says which may have been put away by a worker that was killed.
DELETE FROM ops.details WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.details WHERE call_date = :day LIMIT :most))
RETURNING account, call_date, record_key, CAST(NULL AS text) AS uri,
          stream = ANY(CAST(:streams AS text[])) AND next_try_at IS NOT NULL AS has_audio;
