-- The version of the tables, what they were first made by, and whether a restore is still to be ended.
SELECT version_num AS version,
       (SELECT value FROM ops.settings WHERE name = 'baseline') AS baseline,
       to_regclass('public.unfinished_restore') IS NOT NULL AS is_unfinished
  FROM public.schema_version;
