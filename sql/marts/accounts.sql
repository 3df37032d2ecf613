SELECT account, vendor, timezone, country, currency, start_date, (now() AT TIME ZONE ops.known_zone(timezone))::date AS today, streams,
       'abandoned' = ANY(tells) AS tells_abandoned, 'waits' = ANY(tells) AS tells_waits,
       'talk' = ANY(tells) AS tells_talk, 'agents' = ANY(tells) AS tells_agents,
       'queues' = ANY(tells) AS tells_queues, 'queues_of_lost_calls' = ANY(tells) AS tells_queues_of_lost_calls,
       'costs' = ANY(tells) AS tells_costs, 'recordings' = ANY(tells) AS tells_recordings,
       'ivr_steps' = ANY(tells) AS tells_ivr_steps, 'attempts' = ANY(tells) AS tells_attempts
  FROM ops.accounts
