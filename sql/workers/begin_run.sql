-- No row for whoever comes while another process still executes the run.
INSERT INTO ops.worker_runs AS r (run_id, host, began_at, expires_at)
VALUES (:run_id, :host, ops.now(), ops.now() + make_interval(secs => :lease_s))
ON CONFLICT (run_id) DO UPDATE
   SET id = DEFAULT, host = excluded.host, began_at = excluded.began_at, expires_at = excluded.expires_at
 WHERE r.expires_at <= ops.now()
RETURNING r.id;
