WITH gone AS (DELETE FROM raw.records WHERE call_date = :day AND account = :account RETURNING 1)
SELECT count(*) AS rows FROM gone;
