-- A day's rows of a table, as text; with a pattern those that may have what is looked for.
SELECT account, stream, {record_key:t} AS record_key, t::text AS text FROM facts.{table} t
 WHERE call_date = :day AND (CAST(:pattern AS text) IS NULL OR t::text ~ CAST(:pattern AS text));
