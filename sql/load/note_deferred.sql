INSERT INTO ops.streams AS s (account, stream, vendor, last_polled_at, next_due_at, last_error)
VALUES (:account, :stream, :vendor, :now, :until, :reason)
ON CONFLICT (account, stream) DO UPDATE
   SET last_polled_at = :now, next_due_at = excluded.next_due_at, last_error = excluded.last_error;
