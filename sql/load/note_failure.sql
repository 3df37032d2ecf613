INSERT INTO ops.streams AS s (account, stream, vendor, last_polled_at, next_due_at, failures, last_error, stopped_at, stopped_key)
VALUES (:account, :stream, :vendor, now(), now() + interval '1 minute', 1, :error,
        CASE WHEN :stopped_key IS NOT NULL THEN now() END, :stopped_key)
ON CONFLICT (account, stream) DO UPDATE
   SET last_polled_at = now(), failures = s.failures + 1, last_error = excluded.last_error,
       next_due_at = now() + least(interval '1 minute' * power(2, least(s.failures, 6)), interval '1 hour'),
       stopped_at = excluded.stopped_at, stopped_key = excluded.stopped_key;
