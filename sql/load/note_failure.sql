-- Only a poll's failure delays the next poll. A refused credential stops them, except a probe every
-- :probe_every; any answer that shows it accepted lets them go on. `refusals` counts doubtful ones.
INSERT INTO ops.streams AS s (account, stream, vendor, last_polled_at, next_due_at, failures, last_error,
                              refusals, stopped_at, stopped_key)
VALUES (:account, :stream, :vendor, CASE WHEN :live THEN CAST(:now AS timestamptz) END,
        CASE WHEN CAST(:stopped_key AS text) IS NOT NULL THEN CAST(:now AS timestamptz) + CAST(:probe_every AS interval)
             WHEN :live THEN CAST(:now AS timestamptz) + interval '1 minute' END,
        CAST(:live AS boolean)::integer, :error, :refusals,
        CASE WHEN CAST(:stopped_key AS text) IS NOT NULL THEN CAST(:now AS timestamptz) END, :stopped_key)
ON CONFLICT (account, stream) DO UPDATE
   SET last_polled_at = coalesce(excluded.last_polled_at, s.last_polled_at),
       failures = s.failures + excluded.failures,
       last_error = CASE WHEN s.stopped_at IS NULL OR excluded.stopped_at IS NOT NULL OR :accepted
                         THEN excluded.last_error ELSE s.last_error END,
       next_due_at = CASE WHEN excluded.stopped_at IS NOT NULL THEN excluded.next_due_at
                          WHEN :live THEN :now + least(interval '1 minute' * power(2, least(s.failures, 6)), interval '1 hour')
                          ELSE s.next_due_at END,
       refusals = excluded.refusals,
       stopped_at = CASE WHEN excluded.stopped_at IS NOT NULL THEN coalesce(s.stopped_at, excluded.stopped_at)
                         WHEN NOT :accepted THEN s.stopped_at END,
       stopped_key = CASE WHEN excluded.stopped_at IS NOT NULL THEN excluded.stopped_key
                          WHEN NOT :accepted THEN s.stopped_key END;
