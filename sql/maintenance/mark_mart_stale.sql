INSERT INTO ops.stale_days (call_date, mart) SELECT :day, unnest(CAST(:marts AS text[]));
