SELECT host, expires_at > ops.now() AS lives, expires_at FROM ops.worker_runs WHERE run_id = :run_id;
