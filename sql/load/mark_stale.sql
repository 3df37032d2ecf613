INSERT INTO ops.stale_days (call_date, account) SELECT DISTINCT unnest(CAST(:days AS date[])), :account;
