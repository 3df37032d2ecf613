-- Tables whose rows may hold texts that quote somebody: every one but raw and facts, whose rows go as
-- a whole, and what holds hashes alone. Others' tables may be closed to us.
SELECT format('%I.%I', n.nspname, c.relname) AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS types,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
       AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS is_open
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relkind = 'r' AND n.nspname !~ '^pg_'
   AND n.nspname NOT IN ('information_schema', 'raw', 'raw_partitions', 'facts', 'facts_partitions')
   AND a.attnum > 0 AND NOT a.attisdropped
   AND format_type(a.atttypid, NULL) IN ('text', 'text[]', 'character varying', 'json', 'jsonb')
   AND format('%I.%I', n.nspname, c.relname) NOT IN ('ops.suppressed', 'ops.suppressed_records', 'ops.erasures', 'ops.settings', 'ops.objects')
 GROUP BY n.oid, n.nspname, c.oid, c.relname ORDER BY 1;
