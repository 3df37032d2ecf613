-- Whether a restore is still to be ended.
SELECT to_regclass('public.unfinished_restore') IS NOT NULL AS is_unfinished;
