-- A limit says when: the days are read then. Nothing about them is wrong. A day that is complete waits
-- only if it was to be read once more.
INSERT INTO ops.days AS d (account, stream, call_date, state, note, next_read_at)
SELECT :account, :stream, day, 'open', :note, :until FROM unnest(CAST(:days AS date[])) AS day
ON CONFLICT (account, stream, call_date) DO UPDATE
   SET note = CASE WHEN d.state = 'complete' THEN d.note ELSE excluded.note END,
       next_read_at = CASE WHEN d.state = 'complete' THEN greatest(d.next_read_at, excluded.next_read_at)
                           ELSE excluded.next_read_at END
 WHERE (d.state <> 'complete' OR d.next_read_at IS NOT NULL) AND d.expired_at IS NULL;
