-- The watermark only goes forwards, and only a live window moves it or the next poll.
INSERT INTO ops.streams AS s (account, stream, vendor, watermark, last_polled_at, last_success_at, next_due_at, fields)
VALUES (:account, :stream, :vendor, CAST(:watermark AS timestamptz),
        CASE WHEN :watermark IS NOT NULL THEN now() END, now(), CAST(:next_due_at AS timestamptz), CAST(:fields AS text[]))
ON CONFLICT (account, stream) DO UPDATE
   SET watermark = greatest(s.watermark, excluded.watermark),
       last_polled_at = coalesce(excluded.last_polled_at, s.last_polled_at),
       last_success_at = now(), next_due_at = coalesce(excluded.next_due_at, s.next_due_at),
       failures = 0, last_error = NULL, stopped_at = NULL, stopped_key = NULL,
       window_days = coalesce(:window_days, s.window_days),
       fields = ARRAY(SELECT DISTINCT unnest(s.fields || excluded.fields) ORDER BY 1);
