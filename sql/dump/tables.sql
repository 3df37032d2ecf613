-- Every table that isn't a partition, and whether its rows are of a business day.
SELECT n.nspname, c.relname,
       EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'call_date' AND NOT a.attisdropped) AS has_day
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND n.nspname IN ('raw', 'facts', 'ops', 'marts', 'dagster', 'public')
 ORDER BY 1, 2;
