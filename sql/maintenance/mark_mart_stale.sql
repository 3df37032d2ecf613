INSERT INTO ops.stale_days (call_date, mart) VALUES (:day, :mart);
