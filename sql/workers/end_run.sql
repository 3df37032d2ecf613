DELETE FROM ops.worker_runs WHERE id = :id;
