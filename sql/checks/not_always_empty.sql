-- Accounts whose last seven complete days had nothing: closed, or asked for the wrong thing.
SELECT a.account, CAST(NULL AS date) AS call_date,
       'the last 7 complete days are all empty: is it in use, and do its base_url and options fit?' AS note
  FROM unnest(CAST(:accounts AS text[])) AS a (account)
  JOIN LATERAL (SELECT raw_records FROM ops.days d
                 WHERE d.account = a.account AND d.stream = :stream AND d.state = 'complete'
                 ORDER BY d.call_date DESC LIMIT 7) AS last ON true
 GROUP BY a.account HAVING count(*) = 7 AND max(raw_records) = 0;
