-- Runs of workers that were lost.
DELETE FROM ops.worker_runs WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ops.worker_runs WHERE expires_at < now() - CAST(:keep AS interval) LIMIT :most)) RETURNING 1;
