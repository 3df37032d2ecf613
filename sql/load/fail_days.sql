-- What a failed read leaves: a day that was complete before still is, as nothing was taken away.
-- It is read again by the next poll, then at growing intervals, up to :longest; one that is complete
-- only if it was to be read once more. One that is gone for its age stays as it is, like its marts.
INSERT INTO ops.days AS d (account, stream, call_date, state, timezone, note, last_polled_at, attempts, next_read_at)
SELECT :account, :stream, day, 'failed', :timezone, :note, :now, 1, :now FROM unnest(CAST(:days AS date[])) AS day
ON CONFLICT (account, stream, call_date) DO UPDATE
   SET state = CASE WHEN d.state = 'complete' THEN 'complete' ELSE 'failed' END,
       note = excluded.note, last_polled_at = :now, attempts = d.attempts + 1,
       next_read_at = CASE WHEN d.state = 'complete' AND d.next_read_at IS NULL THEN NULL ELSE :now + least(interval '5 minutes' * (power(2, least(d.attempts, 10)) - 1), CAST(:longest AS interval)) END
 WHERE d.expired_at IS NULL;
