-- From here on the day's counts and marts stay as they are, whatever becomes of its records.
WITH fresh AS (DELETE FROM ops.stale_days WHERE call_date = :day)
UPDATE ops.days SET expired_at = ops.now() WHERE call_date = :day AND expired_at IS NULL;
