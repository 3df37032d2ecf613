INSERT INTO ops.stale_days (call_date) SELECT DISTINCT call_date FROM ops.days;
