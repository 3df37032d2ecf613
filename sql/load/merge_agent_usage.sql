INSERT INTO facts.agent_usage AS t (
    call_date, account, stream, agent_name, vendor, calls, cost, currency, observed_at)
SELECT
    call_date, account, stream, agent_name, vendor, calls, cost, currency, observed_at
  FROM stage_agent_usage
ON CONFLICT (call_date, account, stream, agent_name) DO UPDATE
   SET vendor = excluded.vendor, calls = excluded.calls, cost = excluded.cost,
       currency = excluded.currency, observed_at = excluded.observed_at
 WHERE (t.vendor, t.calls, t.cost, t.currency, t.observed_at)
       IS DISTINCT FROM
       (excluded.vendor, excluded.calls, excluded.cost, excluded.currency, excluded.observed_at);
