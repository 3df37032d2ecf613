-- The version of the tables, and what they were first made by.
SELECT version_num AS version,
       (SELECT value FROM ops.settings WHERE name = 'baseline') AS baseline
  FROM public.schema_version;
