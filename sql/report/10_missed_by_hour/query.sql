-- Inbound calls that nobody answered, by the account's own hours; the 20 queues with the most of them.
WITH missed AS (
    SELECT account || ' · ' || coalesce(queue_name, 'queue not told') AS queue, hour,
           coalesce(sum(calls) FILTER (WHERE outcome IN ('abandoned', 'unanswered')), 0) AS missed_calls,
           sum(calls) AS offered_calls
      FROM marts.calls_by_hour
     WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts) AND grain = 'call'
       AND direction = 'inbound' AND outcome IN ('answered', 'abandoned', 'unanswered')
     GROUP BY 1, 2
), ranked AS (
    SELECT *, sum(missed_calls) OVER (PARTITION BY queue) AS missed_in_all FROM missed
)
SELECT queue, hour, missed_calls, offered_calls
  FROM (SELECT *, dense_rank() OVER (ORDER BY missed_in_all DESC, queue) AS place FROM ranked) r
 WHERE place <= 20 AND missed_in_all > 0
 ORDER BY place, hour
