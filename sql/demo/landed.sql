-- Rows of a table by stream.
SELECT 'facts.{table}' AS "table", account, stream, count(*) AS rows, max(call_date) AS newest_day
  FROM facts.{table} GROUP BY account, stream
