-- The watermark only goes forwards, and only a live window moves it or the next poll. What was
-- stopped goes on at once when the vendor was asked and accepted the credential; not so where there
-- was nothing to ask for.
-- The read is over with it.
WITH over AS (DELETE FROM ops.reads WHERE id = CAST(:read AS bigint))
INSERT INTO ops.streams AS s (account, stream, vendor, watermark, last_polled_at, last_success_at, next_due_at,
                              largest_page)
VALUES (:account, :stream, :vendor, CAST(:watermark AS timestamptz),
        CASE WHEN :live THEN CAST(:now AS timestamptz) END, :now, CAST(:next_due_at AS timestamptz),
        CAST(:largest_page AS integer))
ON CONFLICT (account, stream) DO UPDATE
   SET watermark = greatest(s.watermark, excluded.watermark),
       last_polled_at = coalesce(excluded.last_polled_at, s.last_polled_at),
       largest_page = greatest(s.largest_page, excluded.largest_page),
       last_success_at = excluded.last_success_at,
       next_due_at = CASE WHEN s.stopped_at IS NULL THEN coalesce(excluded.next_due_at, s.next_due_at)
                          WHEN :accepted THEN coalesce(excluded.next_due_at, :now)
                          ELSE :now + CAST(:probe_every AS interval) END,
       failures = CASE WHEN :live AND (:accepted OR s.stopped_at IS NULL) THEN 0 ELSE s.failures END,
       last_error = CASE WHEN :accepted AND (:live OR s.stopped_at IS NOT NULL) THEN NULL
                         WHEN :live AND s.stopped_at IS NULL THEN NULL ELSE s.last_error END,
       refusals = CASE WHEN :accepted THEN 0 ELSE s.refusals END,
       stopped_at = CASE WHEN NOT :accepted THEN s.stopped_at END,
       stopped_key = CASE WHEN NOT :accepted THEN s.stopped_key END;
