WITH gone AS (
    DELETE FROM raw.heads
     WHERE account = :account AND stream = :stream AND record_key = ANY(CAST(:keys AS text[]))
    RETURNING 1)
SELECT count(*) AS rows FROM gone;
