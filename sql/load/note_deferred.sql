-- What went wrong before stays told until a poll goes well: that it has to wait isn't that.
INSERT INTO ops.streams AS s (account, stream, vendor, last_polled_at, next_due_at, last_error)
VALUES (:account, :stream, :vendor, :now, :until, :reason)
ON CONFLICT (account, stream) DO UPDATE
   SET last_polled_at = :now, next_due_at = excluded.next_due_at,
       last_error = CASE WHEN s.failures > 0 THEN s.last_error ELSE excluded.last_error END;
