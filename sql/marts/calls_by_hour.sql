SELECT c.call_date, extract(hour FROM c.started_at AT TIME ZONE z.name) AS hour,
       date_trunc('hour', c.started_at, z.name) AS hour_at, c.account, c.vendor, c.grain, c.direction,
       coalesce(c.queue_name, c.queue_id) AS queue_name, coalesce(c.flow_name, c.flow_id) AS flow_name,
       c.disposition, facts.outcome(c.disposition, c.direction, c.is_final) AS outcome,
       count(*) FILTER (WHERE here) AS calls, count(*) FILTER (WHERE here AND NOT c.is_final) AS open_calls,
       count(*) FILTER (WHERE NOT here) AS missing_calls,
       count(c.wait_s) FILTER (WHERE here) AS waits, sum(c.wait_s) FILTER (WHERE here) AS wait_s,
       count(*) FILTER (WHERE here AND c.talk_s > 0) AS talks,
       sum(c.talk_s) FILTER (WHERE here AND c.talk_s > 0) AS talk_s
  FROM facts.calls c
  LEFT JOIN ops.days d ON d.account = c.account AND d.stream = c.stream AND d.call_date = c.call_date
 CROSS JOIN LATERAL (SELECT coalesce(d.timezone, 'UTC') AS name, c.missing_since IS NULL AS here) z
 WHERE c.call_date = :day
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
