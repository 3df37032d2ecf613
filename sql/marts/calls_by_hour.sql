-- Until it is made again a day may have calls by the clocks of two zones: an hour of it has one row all the same.
SELECT call_date, min(extract(hour FROM started_local)) AS hour,
       started_at - (started_local - date_trunc('hour', started_local)) AS hour_at,
       account, vendor, grain, direction, coalesce(queue_name, queue_id) AS queue_name,
       coalesce(flow_name, flow_id) AS flow_name, disposition, outcome,
       count(*) FILTER (WHERE missing_since IS NULL) AS calls,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'open') AS open_calls,
       count(missing_since) AS missing_calls,
       count(wait_s) FILTER (WHERE missing_since IS NULL AND direction = 'inbound') AS waits,
       sum(wait_s) FILTER (WHERE missing_since IS NULL AND direction = 'inbound') AS wait_s,
       count(coalesce(ring_s, wait_s)) FILTER (WHERE missing_since IS NULL AND direction = 'outbound') AS rings,
       sum(coalesce(ring_s, wait_s)) FILTER (WHERE missing_since IS NULL AND direction = 'outbound') AS ring_s,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'answered' AND talk_s > 0) AS talks,
       sum(talk_s) FILTER (WHERE missing_since IS NULL AND outcome = 'answered' AND talk_s > 0) AS talk_s
  FROM facts.calls
 WHERE call_date = :day
 GROUP BY 1, 3, 4, 5, 6, 7, 8, 9, 10, 11
