UPDATE ops.permits SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
 WHERE id = ANY(:permits) AND expires_at > clock_timestamp()
RETURNING id;
