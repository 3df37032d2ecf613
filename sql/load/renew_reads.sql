UPDATE ops.reads SET expires_at = ops.now() + make_interval(secs => :lease_s) WHERE id = ANY(:reads)
RETURNING id;
