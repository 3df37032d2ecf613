-- With what raw has of them in spite of all: a reader held its partition, or they were loaded since it went.
WITH gone AS (
    DELETE FROM raw.heads WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM raw.heads WHERE call_date = :day LIMIT :most)) RETURNING account, stream, record_key
), versions AS (
    DELETE FROM raw.records r USING gone g
     WHERE r.call_date = :day AND (r.account, r.stream, r.record_key) = (g.account, g.stream, g.record_key)
)
SELECT 1 FROM gone;
