-- The vendor's current set: who is gone from the answer is gone from the facts.
DELETE FROM facts.{table} t
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND {record_key:t} = ANY(:keys);
