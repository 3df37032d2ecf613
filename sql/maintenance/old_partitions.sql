-- Partitions of a table before a day: attached, pending (half detached by a retention that had to give
-- way to a reader) or detached (still to be dropped). Oldest first; a pending one before all, as
-- Postgres allows only one.
SELECT format('%s.%I', c.relnamespace::regnamespace, c.relname) AS name,
       CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'pending' ELSE 'attached' END AS state
  FROM pg_class p
  JOIN pg_class c ON c.relnamespace = to_regnamespace(p.relnamespace::regnamespace || '_partitions')
                 AND c.relkind = 'r' AND c.relname ~ ('^' || p.relname || '_\d{8}$')
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
 WHERE p.oid = CAST(:parent AS text)::regclass AND right(c.relname, 8) < to_char(CAST(:before AS date), 'YYYYMMDD')
 ORDER BY coalesce(i.inhdetachpending, false) DESC, c.relname;
