-- Those of a day's records that are still there.
SELECT {record_key:p} AS record_key FROM facts.{table} p
 WHERE p.call_date = :day AND p.account = :account AND p.stream = :parent
   AND {record_key:p} = ANY(CAST(:keys AS text[]));
