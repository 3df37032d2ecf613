-- Calls by day beside the same weekday of the week before; a week at least. NULL: nothing was read.
WITH day AS (
    SELECT call_date, account, grain, sum(calls) AS calls
      FROM marts.calls_by_day
     WHERE call_date BETWEEN least(:first, :last - 6) - 7 AND :last AND account = ANY(:accounts)
     GROUP BY 1, 2, 3
), side AS (
    SELECT DISTINCT account, grain FROM day
)
SELECT side.account || CASE side.grain WHEN 'call' THEN ' · calls' WHEN 'ivr_session' THEN ' · IVR sessions'
                             WHEN 'callback_request' THEN ' · callback requests'
                             ELSE ' · recorded calls' END AS what,
       t.call_date AS day, CASE WHEN t.trust <> 'not_read' OR d.calls > 0 THEN coalesce(d.calls, 0) END AS calls,
       w.calls AS week_before, t.trust, t.is_today
  FROM side JOIN marts.trust_by_day t ON t.account = side.account
  LEFT JOIN day d ON d.account = side.account AND d.grain = side.grain AND d.call_date = t.call_date
  LEFT JOIN day w ON w.account = side.account AND w.grain = side.grain AND w.call_date = t.call_date - 7
 WHERE t.call_date BETWEEN least(:first, :last - 6) AND :last
 ORDER BY 1, 2
