-- Rows by table and stream.
SELECT 'raw.records' AS "table", account, stream, count(*) AS rows, max(call_date) AS newest_day FROM raw.records GROUP BY account, stream
UNION ALL
SELECT 'facts.calls', account, stream, count(*), max(call_date) FROM facts.calls GROUP BY account, stream
UNION ALL
SELECT 'facts.call_legs', account, stream, count(*), max(call_date) FROM facts.call_legs GROUP BY account, stream
UNION ALL
SELECT 'facts.call_events', account, stream, count(*), max(call_date) FROM facts.call_events GROUP BY account, stream
UNION ALL
SELECT 'facts.recordings', account, stream, count(*), max(call_date) FROM facts.recordings GROUP BY account, stream
UNION ALL
SELECT 'facts.agent_usage', account, stream, count(*), max(call_date) FROM facts.agent_usage GROUP BY account, stream
ORDER BY account, stream, "table" DESC;
