-- More days than this are too much for one request: known at once, as what led to it may yet fail.
INSERT INTO ops.streams AS s (account, stream, vendor, window_days) VALUES (:account, :stream, :vendor, :days)
ON CONFLICT (account, stream) DO UPDATE SET window_days = least(s.window_days, excluded.window_days);
