-- A callback request has its latest attempt only: those before it called, too.
WITH contact AS (
    SELECT account, vendor, grain, caller_key, coalesce(queue_name, queue_id) AS queue, started_at AS at,
           direction = 'inbound' AS is_inbound, direction = 'inbound' AND outcome IN ('abandoned', 'unanswered') AS is_missed,
           direction = 'outbound' AND outcome IN ('answered', 'unanswered') AS is_tried, outcome = 'answered' AS is_answered
      FROM facts.calls
     WHERE call_date = :day AND caller_key IS NOT NULL AND missing_since IS NULL
     UNION ALL
    SELECT account, c.vendor, c.grain, c.caller_key, NULL, a.attempted_at, false, false, true, false
      FROM facts.callback_attempts a JOIN facts.calls c USING (call_date, account, stream, call_id)
     WHERE call_date = :day AND NOT a.is_last AND c.direction = 'outbound' AND c.caller_key IS NOT NULL
)
SELECT CAST(:day AS date) AS call_date, account, vendor, grain, caller_key,
       count(*) FILTER (WHERE is_inbound) AS inbound_calls,
       count(*) FILTER (WHERE is_missed) AS missed_calls,
       max(at) FILTER (WHERE is_missed) AS last_missed_at,
       (array_agg(queue ORDER BY at DESC) FILTER (WHERE is_missed))[1] AS last_missed_queue,
       count(*) FILTER (WHERE is_tried) AS outbound_calls, count(*) FILTER (WHERE is_answered) AS answered_calls,
       coalesce(array_agg(at ORDER BY at) FILTER (WHERE is_inbound), '{}') AS called_at,
       -- No read saw when some attempts were.
       coalesce(array_agg(at ORDER BY at) FILTER (WHERE is_tried AND at IS NOT NULL), '{}') AS tried_at,
       coalesce(array_agg(at ORDER BY at) FILTER (WHERE is_answered), '{}') AS answered_at
  FROM contact
 GROUP BY account, vendor, grain, caller_key
