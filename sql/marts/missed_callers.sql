SELECT m.call_date, m.account, m.vendor, m.last_missed_queue AS queue_name, m.caller_key, m.missed_calls,
       m.last_missed_at, called.at AS called_again_at, tried.at AS tried_at, reached.at AS reached_at,
       reached.account AS reached_by,
       round((least(extract(epoch FROM coalesce(reached.at, now()) - m.last_missed_at) / 3600, 336))::numeric, 2)
           AS hours_open
  FROM marts.callers_by_day m
 CROSS JOIN LATERAL (
    SELECT min(at) AS at FROM marts.callers_by_day c, unnest(c.called_at) AS at
     WHERE c.caller_key = m.caller_key AND c.call_date BETWEEN m.call_date - 1 AND m.call_date + 15
       AND at > m.last_missed_at AND at <= m.last_missed_at + interval '336 hours'
 ) called
 CROSS JOIN LATERAL (
    SELECT min(at) AS at FROM marts.callers_by_day c, unnest(c.tried_at) AS at
     WHERE c.caller_key = m.caller_key AND c.call_date BETWEEN m.call_date - 1 AND m.call_date + 15
       AND at > m.last_missed_at AND at <= m.last_missed_at + interval '336 hours'
 ) tried
  LEFT JOIN LATERAL (
    SELECT at, c.account FROM marts.callers_by_day c, unnest(c.answered_at) AS at
     WHERE c.caller_key = m.caller_key AND c.call_date BETWEEN m.call_date - 1 AND m.call_date + 15
       AND at > m.last_missed_at AND at <= m.last_missed_at + interval '336 hours'
     ORDER BY at LIMIT 1
 ) reached ON true
 WHERE m.missed_calls > 0 AND m.grain = 'call'
