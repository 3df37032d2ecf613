-- Business days before a day that still have partitions of facts or of raw, oldest first.
SELECT DISTINCT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
  FROM pg_class c
 WHERE c.relnamespace IN ('facts_partitions'::regnamespace, 'raw_partitions'::regnamespace)
   AND c.relkind = 'r' AND c.relname ~ '_\d{8}$'
   AND right(c.relname, 8) < to_char(CAST(:before AS date), 'YYYYMMDD')
 ORDER BY 1;
