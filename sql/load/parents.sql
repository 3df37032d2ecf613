-- Of a day's records those that are there, of :keys or of all.
SELECT {record_key:p} AS record_key FROM facts.{table} p
 WHERE p.call_date = :day AND p.account = :account AND p.stream = :parent
   AND (CAST(:keys AS text[]) IS NULL OR {record_key:p} = ANY(CAST(:keys AS text[])));
