-- A flow that loops could make ways without end: the first 30 steps tell one from another.
CREATE OR REPLACE FUNCTION ops.build_ivr_paths_by_day(p_day date)
RETURNS SETOF marts.ivr_paths_by_day LANGUAGE sql STABLE AS $$
    WITH walked AS (
        SELECT account, call_id, count(*) AS steps,
               string_agg(coalesce(task_name, task_id, '?'), ' > ' ORDER BY position) FILTER (WHERE position <= 30)
               || CASE WHEN count(*) > 30 THEN ' > …' ELSE '' END AS path
          FROM facts.call_events WHERE call_date = p_day GROUP BY account, call_id
    )
    SELECT p_day, c.account, c.vendor, coalesce(c.flow_name, c.flow_id), w.path, coalesce(w.steps, 0),
           c.disposition, count(*), round(avg(c.duration_s)::numeric, 3)::float8
      FROM facts.calls c LEFT JOIN walked w USING (account, call_id)
     WHERE c.call_date = p_day AND c.grain = 'ivr_session' AND c.missing_since IS NULL
     GROUP BY 2, 3, 4, 5, 6, 7
$$;
