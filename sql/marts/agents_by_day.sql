-- Two sources, each in rows of its own: calls that name their agent, and vendors' own totals, which
-- know no direction.
SELECT call_date, account, vendor, coalesce(agent_name, agent_id) AS agent_name, direction,
       count(*) AS calls, count(*) FILTER (WHERE outcome = 'answered') AS answered_calls,
       min(started_at) AS first_call_at, max(started_at) AS last_call_at,
       min(started_local) AS first_call_local, max(started_local) AS last_call_local,
       sum(talk_s) FILTER (WHERE outcome = 'answered') AS talk_s,
       round((avg(talk_s) FILTER (WHERE outcome = 'answered' AND talk_s > 0))::numeric, 3) AS avg_talk_s,
       CASE WHEN count(DISTINCT currency) <= 1 THEN sum(cost) END AS cost,
       NULL::bigint AS reported_calls, NULL::numeric AS reported_cost,
       CASE WHEN count(DISTINCT currency) <= 1 THEN min(currency) END AS currency
  FROM facts.calls
 WHERE call_date = :day AND grain = 'call' AND missing_since IS NULL AND outcome <> 'not_offered'
   AND coalesce(agent_name, agent_id) IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5
UNION ALL
SELECT call_date, account, vendor, agent_name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       calls, cost, currency
  FROM facts.agent_usage WHERE call_date = :day
