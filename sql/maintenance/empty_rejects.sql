-- What is still open stays, so that raw = facts + rejects; what it says of anybody goes.
UPDATE ops.rejects SET payload = '"(dropped for its age)"' WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.rejects
     WHERE first_seen_at < now() - CAST(:keep AS interval) AND payload <> '"(dropped for its age)"'
     LIMIT :most)) RETURNING 1;
