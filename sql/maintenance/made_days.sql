-- The business days whose partitions are there.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent IN ('facts.calls'::regclass, 'raw.records'::regclass) AND NOT i.inhdetachpending
 GROUP BY 1 HAVING count(*) = 2;
