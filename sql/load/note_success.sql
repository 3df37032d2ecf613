-- The watermark only goes forwards, and only a live window moves it or the next poll.
INSERT INTO ops.streams AS s (account, stream, vendor, watermark, last_polled_at, last_success_at, next_due_at)
VALUES (:account, :stream, :vendor, CAST(:watermark AS timestamptz),
        CASE WHEN :live THEN CAST(:now AS timestamptz) END, :now, CAST(:next_due_at AS timestamptz))
ON CONFLICT (account, stream) DO UPDATE
   SET watermark = greatest(s.watermark, excluded.watermark),
       last_polled_at = coalesce(excluded.last_polled_at, s.last_polled_at),
       last_success_at = excluded.last_success_at, next_due_at = coalesce(excluded.next_due_at, s.next_due_at),
       failures = CASE WHEN :live THEN 0 ELSE s.failures END,
       last_error = CASE WHEN :live THEN NULL ELSE s.last_error END,
       stopped_at = NULL, stopped_key = NULL;
