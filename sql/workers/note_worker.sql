INSERT INTO ops.workers AS w (worker, host, queue, slots, version, began_at, expires_at)
VALUES (:worker, :host, :queue, :slots, :version, ops.now(), ops.now() + make_interval(secs => :lease_s))
ON CONFLICT (worker) DO UPDATE SET expires_at = excluded.expires_at;
