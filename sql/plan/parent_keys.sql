-- Keys of a day's records.
SELECT {record_key:p} AS record_key FROM facts.{table} p
 WHERE call_date = :day AND account = :account AND stream = :parent;
