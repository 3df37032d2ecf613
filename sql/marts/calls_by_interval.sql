-- All intervals of each side's day, and what happened in some: added up, so that no call is lost, by
-- whatever clocks it was filed.
WITH side AS (
    SELECT call_date, account, vendor, grain, direction, queue_name,
           -- Days that were gone for their age before the mart knew it have none. By one that this server doesn't
           -- know there are no others than those in which something happened.
           ops.known_zone(coalesce(max(timezone), (SELECT max(d.timezone) FROM ops.days d
                                                    WHERE d.account = q.account AND d.call_date = q.call_date))) AS timezone,
           CASE WHEN count(offered_calls) = count(*) THEN 0 END AS no_offered_calls
      FROM marts.calls_by_quarter_hour q GROUP BY 1, 2, 3, 4, 5, 6
), every AS (
    SELECT call_date, (at AT TIME ZONE timezone) AS interval_local, at AS interval_at,
           account, vendor, grain, direction, queue_name, no_offered_calls
      FROM side
     CROSS JOIN LATERAL generate_series(ops.day_start(call_date, timezone),
                                        ops.day_start(call_date + 1, timezone) - interval '{minutes} minutes',
                                        interval '{minutes} minutes') AS i (at)
)
SELECT c.call_date, c.interval_local, c.interval_at, c.account, c.vendor, c.grain, c.direction, c.queue_name,
       coalesce(sum(c.calls), 0) AS calls,
       CASE WHEN count(c.offered_calls) = count(*) THEN sum(c.offered_calls) END AS offered_calls,
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
  FROM (
    SELECT call_date, date_bin('{minutes} minutes', interval_local, '2000-01-01') AS interval_local,
           interval_at - (interval_local - date_bin('{minutes} minutes', interval_local, '2000-01-01')) AS interval_at,
           account, vendor, grain, direction, queue_name,
           calls, offered_calls, answered_calls, abandoned_calls, unanswered_calls, open_calls, answered_wait_known,
           answered_wait_s, abandoned_wait_known, abandoned_wait_s, answered_in_5s, answered_in_10s, answered_in_20s,
           answered_in_30s, answered_in_60s, answered_in_120s, abandoned_in_5s, abandoned_in_10s, abandoned_in_20s,
           abandoned_in_30s, abandoned_in_60s, abandoned_in_120s, talks, talk_s
      FROM marts.calls_by_quarter_hour
     UNION ALL
    -- These have nothing to add to any of the sums.
    SELECT call_date, interval_local, interval_at, account, vendor, grain, direction, queue_name,
           NULL, no_offered_calls, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL
      FROM every
) c
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
