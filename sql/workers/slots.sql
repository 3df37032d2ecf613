SELECT queue, sum(slots)::integer AS slots FROM ops.workers WHERE expires_at > ops.now() GROUP BY queue;
