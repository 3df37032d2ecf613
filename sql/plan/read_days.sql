-- Of the days those that the stream has read for every account that has them, if any has: whole, or as
-- far as the account's present day goes. Newest first. A stream of details has read a day that had
-- nothing of which a detail could be asked for.
WITH asked AS (
    SELECT * FROM unnest(CAST(:accounts AS text[]), CAST(:starts AS date[]), CAST(:todays AS date[]))
                  AS a (account, start_date, today)
), pairs AS (
    SELECT day, CASE WHEN day = a.today THEN d.state = 'open' AND s.failures = 0 AND s.stopped_at IS NULL
                     ELSE coalesce(d.state IN ('settling', 'complete'),
                                   p.facts = 0 AND p.state IN ('settling', 'complete'))
                END AS is_read
      FROM unnest(CAST(:days AS date[])) AS day
      JOIN asked a ON day BETWEEN a.start_date AND a.today
      LEFT JOIN ops.streams s ON s.account = a.account AND s.stream = :stream
      LEFT JOIN ops.days d ON d.account = a.account AND d.stream = :stream AND d.call_date = day
      LEFT JOIN ops.days p ON p.account = a.account AND p.stream = :parent AND p.call_date = day
)
SELECT day AS call_date FROM pairs GROUP BY day HAVING bool_and(coalesce(is_read, false)) ORDER BY day DESC;
