UPDATE ops.worker_runs SET expires_at = ops.now() + make_interval(secs => :lease_s) WHERE id = ANY(:runs)
RETURNING id;
