INSERT INTO ops.stale_days (call_date, mart) SELECT DISTINCT call_date, mart FROM ops.days, unnest(CAST(:marts AS text[])) AS mart;
