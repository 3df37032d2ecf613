-- Rows of a day that no record of raw stands behind. Of a set, what is missing has no row.
DELETE FROM facts.{table} t
 WHERE t.call_date = :day AND t.account = :account AND t.stream = :stream
   AND NOT EXISTS (SELECT FROM raw.heads h
                    WHERE h.account = :account AND h.stream = :stream AND h.record_key = {record_key:t}
                      AND h.call_date = :day AND NOT h.rejected
                      AND NOT (:replaces AND h.missing_since IS NOT NULL));
