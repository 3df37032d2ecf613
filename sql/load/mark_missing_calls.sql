UPDATE facts.calls SET missing_since = :observed_at, updated_at = now()
 WHERE call_date = ANY(:days) AND account = :account AND stream = :stream
   AND missing_since IS NULL AND call_id = ANY(:keys);
