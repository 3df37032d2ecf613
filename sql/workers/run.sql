SELECT host, expires_at > ops.now() AS lives FROM ops.worker_runs WHERE run_id = :run_id;
