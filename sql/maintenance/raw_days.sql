-- Partitions of raw.records before a day: attached, pending (half detached by a retention that had
-- to give way to a reader) or detached (still to be dropped). Oldest first; a pending one before all,
-- as Postgres allows only one.
SELECT c.relname AS name,
       CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'pending' ELSE 'attached' END AS state
  FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
 WHERE c.relnamespace = 'raw'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^records_\d{8}$'
   AND to_date(right(c.relname, 8), 'YYYYMMDD') < :before
 ORDER BY coalesce(i.inhdetachpending, false) DESC, c.relname;
