-- What waits in an enrichment's stage into the rows that it enriches.
UPDATE facts.{table} AS t
   SET ({assigned}) = ROW ({assigned:s}), updated_at = now()
  FROM stage_{target} s
 WHERE t.call_date = ANY(:days) AND t.call_date = s.call_date AND t.account = s.account
   AND ({row_key:t}) = ({row_key:s})
   AND ({compared:t}) IS DISTINCT FROM ({compared:s});
