-- What the changed records had here and no longer have: moved to another day, rejected, or no
-- longer of this kind. (WITH is for Citus: an EXISTS there knows no local table.)
WITH staged AS (SELECT * FROM stage_{target})
DELETE FROM facts.{table} t USING stage_records s
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.call_date = s.old_date AND {record_key:t} = s.record_key
   AND NOT EXISTS (SELECT FROM staged n
                    WHERE n.call_date = s.old_date AND ({row_key:n}) = ({row_key:t}));
