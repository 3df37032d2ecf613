-- Runs that workers are executing.
SELECT count(*) AS runs FROM ops.worker_runs WHERE expires_at > ops.now();
