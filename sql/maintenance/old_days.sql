-- Business days before a day that still have partitions of facts or of raw, or else anything that goes with
-- them, as of a load that ended after they went: oldest first.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
  FROM pg_class c
 WHERE c.relnamespace IN ('facts_partitions'::regnamespace, 'raw_partitions'::regnamespace)
   AND c.relkind = 'r' AND c.relname ~ '_\d{8}$'
   AND right(c.relname, 8) < to_char(CAST(:before AS date), 'YYYYMMDD')
UNION SELECT call_date FROM raw.heads WHERE call_date < :before
UNION SELECT call_date FROM ops.rejects WHERE call_date < :before
UNION SELECT call_date FROM ops.details WHERE call_date < :before
UNION SELECT call_date FROM ops.field_faults WHERE call_date < :before
UNION SELECT call_date FROM ops.suppressed_records WHERE call_date < :before
UNION SELECT last_day FROM ops.known_batches WHERE last_day < :before
UNION SELECT call_date FROM marts.callers_by_day WHERE call_date < :before
UNION SELECT call_date FROM facts.callback_attempts WHERE call_date < :before
 ORDER BY day;
