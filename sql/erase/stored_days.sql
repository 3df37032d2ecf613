-- Business days that have partitions: of raw, of facts or of both.
SELECT DISTINCT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  JOIN pg_class p ON p.oid = i.inhparent
 WHERE p.relkind = 'p' AND p.relnamespace IN ('raw'::regnamespace, 'facts'::regnamespace)
   AND c.relname ~ '_\d{8}$' AND NOT i.inhdetachpending
 ORDER BY 1;
