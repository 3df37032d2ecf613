SELECT call_date, account, vendor, grain, caller_key,
       count(*) FILTER (WHERE direction = 'inbound') AS inbound_calls,
       count(*) FILTER (WHERE is_missed) AS missed_calls,
       max(started_at) FILTER (WHERE is_missed) AS last_missed_at,
       (array_agg(coalesce(queue_name, queue_id) ORDER BY started_at DESC) FILTER (WHERE is_missed))[1] AS last_missed_queue,
       count(*) FILTER (WHERE is_tried) AS outbound_calls, count(*) FILTER (WHERE outcome = 'answered') AS answered_calls,
       coalesce(array_agg(started_at ORDER BY started_at) FILTER (WHERE direction = 'inbound'), '{}') AS called_at,
       coalesce(array_agg(started_at ORDER BY started_at) FILTER (WHERE is_tried), '{}') AS tried_at,
       coalesce(array_agg(started_at ORDER BY started_at) FILTER (WHERE outcome = 'answered'), '{}') AS answered_at
  FROM facts.calls
 CROSS JOIN LATERAL (SELECT direction = 'inbound' AND outcome IN ('abandoned', 'unanswered') AS is_missed,
                           direction = 'outbound' AND outcome IN ('answered', 'unanswered') AS is_tried) t
 WHERE call_date = :day AND caller_key IS NOT NULL AND missing_since IS NULL
 GROUP BY 1, 2, 3, 4, 5
