-- Each caller once, by the last time that they were missed. Calls without a number are counted one
-- by one: nobody can tell whether their callers were reached later. Of days that are gone for their age
-- nobody knows who had one. The 20 queues with the most.
WITH caller AS (
    SELECT DISTINCT ON (account, caller_key) account, queue_name, hours_open, tried_at, reached_at
      FROM marts.missed_callers
     WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts)
     ORDER BY account, caller_key, last_missed_at DESC
), without_number AS (
    SELECT account, c.missed - coalesce(m.missed, 0) AS calls
      FROM (SELECT account, sum(abandoned_calls + unanswered_calls) AS missed FROM marts.calls_by_day
             WHERE call_date BETWEEN :first AND :last AND grain = 'call' AND direction = 'inbound'
               AND (call_date, account) NOT IN (SELECT call_date, account FROM marts.completeness_by_day
                                                 WHERE call_date BETWEEN :first AND :last AND expired_at IS NOT NULL)
             GROUP BY account) c
      LEFT JOIN (SELECT account, sum(missed_calls) AS missed FROM marts.missed_callers
                  WHERE call_date BETWEEN :first AND :last GROUP BY account) m USING (account)
     WHERE account = ANY(:accounts)
), counted AS (
    SELECT account || ' · ' || coalesce(queue_name, 'queue not told') AS queue,
           CASE WHEN tried_at IS NOT NULL THEN 'called back in vain' WHEN hours_open < 4 THEN 'under 4 hours'
                WHEN hours_open < 24 THEN '4 to 24 hours' WHEN hours_open < 72 THEN '1 to 3 days'
                ELSE '3 days and more' END AS waiting, count(*) AS callers
      FROM caller WHERE reached_at IS NULL GROUP BY 1, 2
    UNION ALL
    SELECT account || ' · all queues', 'no number to call', calls FROM without_number WHERE calls > 0
), ranked AS (
    SELECT *, sum(callers) OVER (PARTITION BY queue) AS in_all FROM counted
)
SELECT queue, waiting, callers
  FROM (SELECT *, dense_rank() OVER (ORDER BY in_all DESC, queue) AS place FROM ranked) r
 WHERE place <= 20
 ORDER BY place, array_position(ARRAY['under 4 hours', '4 to 24 hours', '1 to 3 days', '3 days and more',
                                      'called back in vain', 'no number to call'], waiting)
