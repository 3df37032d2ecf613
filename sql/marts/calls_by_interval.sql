WITH side AS (
    SELECT DISTINCT call_date, account, vendor, grain, direction, queue_name FROM marts.calls_by_quarter_hour
)
SELECT s.call_date, (i.at AT TIME ZONE z.timezone) AS interval_local, i.at AS interval_at,
       s.account, s.vendor, s.grain, s.direction, s.queue_name,
       coalesce(sum(c.calls), 0) AS calls,
       coalesce(sum(c.offered_calls), 0) AS offered_calls,
       coalesce(sum(c.answered_calls), 0) AS answered_calls,
       coalesce(sum(c.abandoned_calls), 0) AS abandoned_calls,
       coalesce(sum(c.unanswered_calls), 0) AS unanswered_calls,
       coalesce(sum(c.open_calls), 0) AS open_calls,
       coalesce(sum(c.answered_wait_known), 0) AS answered_wait_known,
       sum(c.answered_wait_s) AS answered_wait_s,
       coalesce(sum(c.abandoned_wait_known), 0) AS abandoned_wait_known,
       sum(c.abandoned_wait_s) AS abandoned_wait_s,
       sum(c.answered_in_5s) AS answered_in_5s,
       sum(c.answered_in_10s) AS answered_in_10s,
       sum(c.answered_in_20s) AS answered_in_20s,
       sum(c.answered_in_30s) AS answered_in_30s,
       sum(c.answered_in_60s) AS answered_in_60s,
       sum(c.answered_in_120s) AS answered_in_120s,
       sum(c.abandoned_in_5s) AS abandoned_in_5s,
       sum(c.abandoned_in_10s) AS abandoned_in_10s,
       sum(c.abandoned_in_20s) AS abandoned_in_20s,
       sum(c.abandoned_in_30s) AS abandoned_in_30s,
       sum(c.abandoned_in_60s) AS abandoned_in_60s,
       sum(c.abandoned_in_120s) AS abandoned_in_120s,
       coalesce(sum(c.talks), 0) AS talks,
       sum(c.talk_s) AS talk_s
  FROM side s
  JOIN ops.accounts z ON z.account = s.account
 CROSS JOIN LATERAL generate_series(s.call_date::timestamp AT TIME ZONE z.timezone,
                                    (s.call_date + 1)::timestamp AT TIME ZONE z.timezone - interval '{minutes} minutes',
                                    interval '{minutes} minutes') AS i (at)
  LEFT JOIN marts.calls_by_quarter_hour c
         ON c.call_date = s.call_date AND c.account = s.account AND c.grain = s.grain AND c.direction = s.direction
        AND c.queue_name IS NOT DISTINCT FROM s.queue_name
        AND i.at = c.interval_at - (c.interval_local - date_bin('{minutes} minutes', c.interval_local, '2000-01-01'))
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
