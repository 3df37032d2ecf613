-- Only quarters of an hour in which something happened; marts.calls_by_15_minutes and _30_ have the others.
-- Until it is made again a day may have calls by the clocks of two zones: a quarter of it has one row all the same.
SELECT call_date, min(date_bin('15 minutes', started_local, '2000-01-01')) AS interval_local,
       started_at - (started_local - date_bin('15 minutes', started_local, '2000-01-01')) AS interval_at,
       account, vendor, grain, direction, coalesce(queue_name, queue_id) AS queue_name, max(d.timezone) AS timezone,
       count(*) FILTER (WHERE here) AS calls,
       -- As in marts.calls_by_day.
       CASE WHEN grain <> 'call' OR NOT EXISTS (
                SELECT FROM ops.accounts a WHERE a.account = c.account AND 'abandoned' <> ALL (tells))
            THEN count(*) FILTER (WHERE here AND outcome IN ('answered', 'abandoned', 'unanswered')) END AS offered_calls,
       count(*) FILTER (WHERE here AND outcome = 'answered') AS answered_calls,
       count(*) FILTER (WHERE here AND outcome = 'abandoned') AS abandoned_calls,
       count(*) FILTER (WHERE here AND outcome = 'unanswered') AS unanswered_calls,
       count(*) FILTER (WHERE here AND outcome = 'open') AS open_calls,
       count(wait_s) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_wait_known,
       sum(wait_s) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_wait_s,
       count(wait_s) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_wait_known,
       sum(wait_s) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_wait_s,
       sum((wait_s <= 5)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_5s,
       sum((wait_s <= 10)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_10s,
       sum((wait_s <= 20)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_20s,
       sum((wait_s <= 30)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_30s,
       sum((wait_s <= 60)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_60s,
       sum((wait_s <= 120)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'answered') AS answered_in_120s,
       sum((wait_s <= 5)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_5s,
       sum((wait_s <= 10)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_10s,
       sum((wait_s <= 20)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_20s,
       sum((wait_s <= 30)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_30s,
       sum((wait_s <= 60)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_60s,
       sum((wait_s <= 120)::int) FILTER (WHERE here AND direction = 'inbound' AND outcome = 'abandoned') AS abandoned_in_120s,
       count(*) FILTER (WHERE here AND outcome = 'answered' AND talk_s > 0) AS talks,
       sum(talk_s) FILTER (WHERE here AND outcome = 'answered' AND talk_s > 0) AS talk_s
  FROM facts.calls c LEFT JOIN ops.days d USING (account, stream, call_date)
 CROSS JOIN LATERAL (SELECT c.missing_since IS NULL AS here) h
 WHERE call_date = :day
 GROUP BY 1, 3, 4, 5, 6, 7, 8
