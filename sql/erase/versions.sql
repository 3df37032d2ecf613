WITH gone AS (
    DELETE FROM raw.records
     WHERE call_date = ANY(:days) AND account = :account AND stream = :stream
       AND record_key = ANY(CAST(:keys AS text[]))
    RETURNING 1)
SELECT count(*) AS rows FROM gone;
