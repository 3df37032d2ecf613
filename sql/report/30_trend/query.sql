-- Calls by day beside the same weekday of the week before; a week at least. NULL: nothing was read.
WITH day AS (
    SELECT call_date, account, grain, sum(calls) AS calls
      FROM marts.calls_by_day
     WHERE call_date BETWEEN least(:first, :last - 6) - 7 AND :last AND account = ANY(:accounts)
     GROUP BY 1, 2, 3
), trust AS (
    -- Today is provisional from its beginning: also before each stream has been read.
    SELECT call_date, account, trust, is_today,
           trust <> 'not_read' AND (NOT is_today OR cardinality(streams) = (
               SELECT count(*) FROM marts.completeness_by_day c
                WHERE c.call_date = t.call_date AND c.account = t.account AND c.stream = ANY(streams))) AS is_read
      FROM marts.trust_by_day t JOIN marts.accounts USING (account)
     WHERE call_date BETWEEN least(:first, :last - 6) - 7 AND :last
), told AS (
    SELECT account, call_date, grain, trust, is_today,
           CASE WHEN is_read OR calls > 0 THEN coalesce(calls, 0) END AS calls
      FROM (SELECT DISTINCT account, grain FROM day) side JOIN trust USING (account)
      LEFT JOIN day USING (account, call_date, grain)
)
SELECT t.account || CASE t.grain WHEN 'call' THEN ' · calls' WHEN 'ivr_session' THEN ' · IVR sessions'
                             WHEN 'callback_request' THEN ' · callback requests'
                             ELSE ' · recorded calls' END AS what,
       t.call_date AS day, t.calls, w.calls AS week_before, t.trust, t.is_today
  FROM told t LEFT JOIN told w ON w.account = t.account AND w.grain = t.grain AND w.call_date = t.call_date - 7
 WHERE t.call_date >= least(:first, :last - 6)
 ORDER BY 1, 2
