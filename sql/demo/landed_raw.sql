-- The same of raw records, every version.
SELECT 'raw.records' AS "table", account, stream, count(*) AS rows, max(call_date) AS newest_day
  FROM raw.records GROUP BY account, stream
