INSERT INTO ops.stale_days (call_date) SELECT DISTINCT unnest(CAST(:days AS date[]));
