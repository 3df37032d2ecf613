-- Only a poll's failure delays the next poll; a refused credential stops them all.
INSERT INTO ops.streams AS s (account, stream, vendor, last_polled_at, next_due_at, failures, last_error, stopped_at, stopped_key)
VALUES (:account, :stream, :vendor, CASE WHEN :live THEN CAST(:now AS timestamptz) END,
        CASE WHEN :live THEN CAST(:now AS timestamptz) + interval '1 minute' END, CAST(:live AS boolean)::integer, :error,
        CASE WHEN CAST(:stopped_key AS text) IS NOT NULL THEN CAST(:now AS timestamptz) END, :stopped_key)
ON CONFLICT (account, stream) DO UPDATE
   SET last_polled_at = coalesce(excluded.last_polled_at, s.last_polled_at),
       failures = s.failures + excluded.failures, last_error = excluded.last_error,
       next_due_at = CASE WHEN :live THEN :now + least(interval '1 minute' * power(2, least(s.failures, 6)), interval '1 hour')
                          ELSE s.next_due_at END,
       stopped_at = coalesce(excluded.stopped_at, s.stopped_at),
       stopped_key = coalesce(excluded.stopped_key, s.stopped_key);
