WITH gone AS (
    DELETE FROM facts.{table} t
     WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
       AND {record_key:t} = ANY(CAST(:keys AS text[]))
    RETURNING 1)
SELECT count(*) AS rows FROM gone;
