INSERT INTO ops.stale_days (call_date) SELECT unnest(CAST(:days AS date[])) ORDER BY 1
ON CONFLICT (call_date) DO NOTHING;
