-- What the changed records had here and no longer have: moved to another day, rejected, or no
-- longer of this kind.
DELETE FROM facts.{table} t USING stage_records s
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.call_date = s.old_date AND {record_key:t} = s.record_key
   AND NOT EXISTS (SELECT FROM stage_{target} n
                    WHERE n.call_date = s.old_date AND ({row_key:n}) = ({row_key:t}));
