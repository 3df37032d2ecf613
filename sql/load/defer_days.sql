-- A limit says when: the days are read then. Nothing about them is wrong.
INSERT INTO ops.days AS d (account, stream, call_date, state, note, next_read_at)
SELECT :account, :stream, day, 'open', :note, :until FROM unnest(CAST(:days AS date[])) AS day
ON CONFLICT (account, stream, call_date) DO UPDATE SET note = excluded.note, next_read_at = excluded.next_read_at
 WHERE d.state <> 'complete';
