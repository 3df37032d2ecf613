UPDATE facts.{table} t SET missing_since = :observed_at, updated_at = now()
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND t.missing_since IS NULL AND {record_key:t} = ANY(:keys);
