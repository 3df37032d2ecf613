-- Rows of a day that no record of raw stands behind. Of a set, what is missing has no row.
-- (WITH is for Citus: an EXISTS there knows no local table.)
WITH known AS (
    SELECT h.record_key FROM raw.heads h
     WHERE h.account = :account AND h.stream = :stream AND h.call_date = :day AND NOT h.rejected
       AND NOT (:replaces AND h.missing_since IS NOT NULL)
)
DELETE FROM facts.{table} t
 WHERE t.call_date = :day AND t.account = :account AND t.stream = :stream
   AND NOT EXISTS (SELECT FROM known k WHERE k.record_key = {record_key:t});
