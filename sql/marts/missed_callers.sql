SELECT m.call_date, m.account, m.vendor, m.last_missed_queue AS queue_name, m.caller_key, m.missed_calls,
       m.last_missed_at, later.called_again_at, later.tried_at, later.reached_at, later.reached_by,
       round((least(extract(epoch FROM coalesce(later.reached_at, now()) - m.last_missed_at) / 3600, 336))::numeric, 2)
           AS hours_open
  FROM marts.callers_by_day m
 CROSS JOIN LATERAL (
    SELECT min(c.started_at) FILTER (WHERE c.direction = 'inbound') AS called_again_at,
           min(c.started_at) FILTER (WHERE c.direction = 'outbound' AND c.outcome IN ('answered', 'unanswered')) AS tried_at,
           min(c.started_at) FILTER (WHERE c.outcome = 'answered') AS reached_at,
           (array_agg(c.account ORDER BY c.started_at) FILTER (WHERE c.outcome = 'answered'))[1] AS reached_by
      FROM facts.calls c
     WHERE c.caller_key = m.caller_key AND c.call_date BETWEEN m.call_date - 1 AND m.call_date + 14
       AND c.started_at > m.last_missed_at AND c.missing_since IS NULL
 ) later
 WHERE m.missed_calls > 0 AND m.grain = 'call'
