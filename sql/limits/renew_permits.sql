-- One that is late, but that nobody has counted as lost yet, is renewed all the same.
UPDATE ops.permits SET expires_at = ops.now() + make_interval(secs => lease_s)
 WHERE id = ANY(:permits) AND reached_at IS NULL
RETURNING id;
