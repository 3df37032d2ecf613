-- Rows of a day that no record of raw stands behind.
DELETE FROM facts.call_legs t
 WHERE t.call_date = :day AND t.account = :account AND t.stream = :stream
   AND NOT EXISTS (SELECT FROM raw.heads h
                    WHERE h.account = :account AND h.stream = :stream AND h.record_key = t.leg_id
                      AND h.call_date = :day AND NOT h.rejected);
