-- Rows without what is personal in them. Returns what is left, as text.
UPDATE facts.{table} t SET {without_person}
 WHERE t.call_date = ANY(:days) AND t.account = :account AND t.stream = :stream
   AND {record_key:t} = ANY(CAST(:keys AS text[]))
RETURNING t::text AS text;
