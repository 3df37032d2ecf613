-- More days than this are too much for one request: known at once, as what led to it may yet fail.
-- Where that was tried again and is still too much, twice as many must go well before the next trial.
INSERT INTO ops.streams AS s (account, stream, vendor, window_days) VALUES (:account, :stream, :vendor, :days)
ON CONFLICT (account, stream) DO UPDATE
   SET window_days = least(s.window_days, excluded.window_days), window_good = 0,
       window_needed = CASE WHEN s.window_good = -1 THEN least(s.window_needed * 2, 96) ELSE s.window_needed END
RETURNING window_days;
