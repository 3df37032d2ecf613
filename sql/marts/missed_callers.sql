SELECT m.call_date, m.account, m.vendor, m.last_missed_queue AS queue_name, m.caller_key, m.missed_calls,
       m.last_missed_at, since.called_again_at, since.tried_at, since.reached_at, since.reached_by,
       round((least(extract(epoch FROM coalesce(since.reached_at, now()) - m.last_missed_at) / 3600, 336))::numeric, 2)
           AS hours_open
  FROM marts.callers_by_day m
 CROSS JOIN LATERAL (
    SELECT min(at) FILTER (WHERE what = 'called') AS called_again_at, min(at) FILTER (WHERE what = 'tried') AS tried_at,
           min(at) FILTER (WHERE what = 'reached') AS reached_at,
           (array_agg(c.account ORDER BY at, c.account) FILTER (WHERE what = 'reached'))[1] AS reached_by
      FROM marts.callers_by_day c
     CROSS JOIN LATERAL (VALUES ('called', c.called_at), ('tried', c.tried_at), ('reached', c.answered_at)) AS v (what, times)
     CROSS JOIN LATERAL unnest(times) AS at
     -- A callback's attempts are on the day of its latest one, which may be a month later.
     WHERE c.caller_key = m.caller_key AND c.call_date BETWEEN m.call_date - 1 AND m.call_date + 46
       AND at > m.last_missed_at AND at <= m.last_missed_at + interval '336 hours'
 ) since
 WHERE m.missed_calls > 0 AND m.grain = 'call'
