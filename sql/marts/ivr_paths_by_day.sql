-- A flow that loops could make ways without end: the first 30 steps tell one from another, or as many
-- as an index has room for.
WITH told AS (
    SELECT account, call_id, count(*) AS steps,
           string_agg(coalesce(task_name, task_id, '?'), ' > ' ORDER BY position) FILTER (WHERE position <= 30)
           || CASE WHEN count(*) > 30 THEN ' > …' ELSE '' END AS path
      FROM facts.call_events WHERE call_date = :day GROUP BY account, call_id
), walked AS (
    SELECT account, call_id, steps, CASE WHEN length(path) > 440 THEN left(path, 439) || '…' ELSE path END AS path
      FROM told
)
SELECT c.call_date, c.account, c.vendor, coalesce(c.flow_name, c.flow_id) AS flow_name, w.path,
       w.steps, c.disposition, count(*) AS sessions,
       round(avg(c.duration_s)::numeric, 3) AS avg_duration_s
  FROM facts.calls c LEFT JOIN walked w USING (account, call_id)
 WHERE c.call_date = :day AND c.grain = 'ivr_session' AND c.missing_since IS NULL
 GROUP BY 1, 2, 3, 4, 5, 6, 7
