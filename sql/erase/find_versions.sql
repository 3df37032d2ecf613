-- Versions of a day's records, as text; with a pattern those that may have what is looked for.
SELECT account, stream, record_key, concat_ws(' ', record_key, payload) AS text FROM raw.records
 WHERE call_date = :day
   AND (CAST(:pattern AS text) IS NULL OR concat_ws(' ', record_key, payload) ~ CAST(:pattern AS text));
