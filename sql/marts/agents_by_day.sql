-- Two sources side by side, never added: calls that name their agent, and vendors' own totals.
WITH counted AS (
    SELECT account, vendor, coalesce(agent_name, agent_id) AS agent_name, count(*) AS calls,
           count(*) FILTER (WHERE facts.outcome(disposition, direction, is_final) = 'answered') AS answered_calls,
           sum(talk_s) AS talk_s,
           round((avg(talk_s) FILTER (WHERE talk_s > 0))::numeric, 3) AS avg_talk_s,
           CASE WHEN count(DISTINCT currency) <= 1 THEN sum(cost) END AS cost,
           CASE WHEN count(DISTINCT currency) <= 1 THEN min(currency) END AS currency
      FROM facts.calls
     WHERE call_date = :day AND grain = 'call' AND missing_since IS NULL
       AND coalesce(agent_name, agent_id) IS NOT NULL
     GROUP BY 1, 2, 3
), reported AS (
    SELECT account, vendor, agent_name, calls, cost, currency FROM facts.agent_usage WHERE call_date = :day
)
SELECT CAST(:day AS date) AS call_date, account, vendor, agent_name, c.calls, c.answered_calls, c.talk_s,
       c.avg_talk_s, c.cost, r.calls AS reported_calls,
       CASE WHEN coalesce(c.currency, r.currency) IS NOT DISTINCT FROM r.currency THEN r.cost END AS reported_cost,
       coalesce(c.currency, r.currency) AS currency
  FROM counted c FULL JOIN reported r USING (account, vendor, agent_name)
