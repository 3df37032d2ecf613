-- A poll looked at the day, whatever came.
INSERT INTO ops.days AS d (account, stream, call_date, state, timezone, last_polled_at)
VALUES (:account, :stream, :day, 'open', :timezone, :now)
ON CONFLICT (account, stream, call_date) DO UPDATE SET last_polled_at = excluded.last_polled_at
RETURNING xmax = 0 AS is_first;
