-- Rejects without a key. Returns what they were, to be left out from now on.
DELETE FROM ops.rejects
 WHERE id = ANY(CAST(:ids AS bigint[])) AND account = :account AND stream = :stream
RETURNING call_date, replace(digest::text, '-', '') AS digest, resolved_at IS NULL AND field <> 'body' AS is_record;
