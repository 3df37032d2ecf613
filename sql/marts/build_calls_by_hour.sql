CREATE OR REPLACE FUNCTION ops.build_calls_by_hour(p_day date)
RETURNS SETOF marts.calls_by_hour LANGUAGE sql STABLE AS $$
    SELECT c.call_date, extract(hour FROM c.started_at AT TIME ZONE z.name)::integer,
           date_trunc('hour', c.started_at, z.name), c.account, c.vendor, c.grain, c.direction,
           coalesce(c.queue_name, c.queue_id), coalesce(c.flow_name, c.flow_id), c.disposition,
           facts.outcome(c.disposition, c.direction, c.is_final),
           count(*) FILTER (WHERE here), count(*) FILTER (WHERE here AND NOT c.is_final),
           count(*) FILTER (WHERE NOT here),
           count(c.wait_s) FILTER (WHERE here), sum(c.wait_s) FILTER (WHERE here),
           count(*) FILTER (WHERE here AND c.talk_s > 0), sum(c.talk_s) FILTER (WHERE here AND c.talk_s > 0)
      FROM facts.calls c
      LEFT JOIN ops.days d ON d.account = c.account AND d.stream = c.stream AND d.call_date = c.call_date
     CROSS JOIN LATERAL (SELECT coalesce(d.timezone, 'UTC') AS name, c.missing_since IS NULL AS here) z
     WHERE c.call_date = p_day
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
$$;
