WITH call AS (
    SELECT call_date, account, vendor, grain, direction, coalesce(queue_name, queue_id) AS queue_name,
           coalesce(flow_name, flow_id) AS flow_name, outcome,
           CASE WHEN direction = 'inbound' THEN wait_s END AS wait_s,
           CASE WHEN direction = 'outbound' THEN coalesce(ring_s, wait_s) END AS ring_s,
           CASE WHEN outcome = 'answered' AND talk_s > 0 THEN talk_s END AS talk_s, missing_since IS NULL AS here
      FROM facts.calls WHERE call_date = :day
), counted AS (
    SELECT call_date, account, vendor, grain, direction, queue_name, flow_name,
           count(*) FILTER (WHERE here) AS calls,
           count(*) FILTER (WHERE here AND outcome IN ('answered', 'abandoned', 'unanswered')) AS offered,
           count(*) FILTER (WHERE here AND outcome = 'answered') AS answered_calls,
           count(*) FILTER (WHERE here AND outcome = 'abandoned') AS abandoned_calls,
           count(*) FILTER (WHERE here AND outcome = 'unanswered') AS unanswered_calls,
           count(*) FILTER (WHERE here AND outcome = 'handed_on') AS handed_on_calls,
           count(*) FILTER (WHERE here AND outcome = 'contained') AS contained_calls,
           count(*) FILTER (WHERE here AND outcome = 'not_offered') AS not_offered_calls,
           count(*) FILTER (WHERE here AND outcome = 'open') AS open_calls,
           count(*) FILTER (WHERE here AND outcome = 'unknown') AS unknown_calls,
           count(*) FILTER (WHERE NOT here) AS missing_calls,
           count(wait_s) FILTER (WHERE here) AS waits, sum(wait_s) FILTER (WHERE here) AS wait_s,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s) FILTER (WHERE here) AS wait,
           count(wait_s) FILTER (WHERE here AND outcome = 'answered') AS answered_wait_known,
           sum(wait_s) FILTER (WHERE here AND outcome = 'answered') AS answered_wait_s,
           sum((wait_s <= 20)::int) FILTER (WHERE here AND outcome = 'answered') AS answered_in_20s,
           count(wait_s) FILTER (WHERE here AND outcome = 'abandoned') AS abandoned_wait_known,
           sum(wait_s) FILTER (WHERE here AND outcome = 'abandoned') AS abandoned_wait_s,
           sum((wait_s <= 5)::int) FILTER (WHERE here AND outcome = 'abandoned') AS abandoned_in_5s,
           count(ring_s) FILTER (WHERE here) AS rings, sum(ring_s) FILTER (WHERE here) AS ring_s,
           count(talk_s) FILTER (WHERE here) AS talks, sum(talk_s) FILTER (WHERE here) AS talk_s,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY talk_s) FILTER (WHERE here) AS talk
      FROM call GROUP BY 1, 2, 3, 4, 5, 6, 7
), told AS (
    -- Where some lost calls name no queue and others do, no rate of a queue is known.
    SELECT *, sum(offered) FILTER (WHERE queue_name IS NULL) OVER side > 0
              AND sum(offered) FILTER (WHERE queue_name IS NOT NULL) OVER side > 0 AS is_mixed
      FROM counted WINDOW side AS (PARTITION BY account, grain, direction)
)
SELECT told.*, offered_calls, answered_calls / tried AS answer_rate, abandoned_calls / tried AS abandonment_rate,
       round((answered_wait_s / nullif(answered_wait_known, 0))::numeric, 3) AS asa_s,
       round(wait[1]::numeric, 3) AS p50_wait_s, round(wait[2]::numeric, 3) AS p90_wait_s,
       round((talk_s / nullif(talks, 0))::numeric, 3) AS avg_talk_s,
       round(talk[1]::numeric, 3) AS p50_talk_s, round(talk[2]::numeric, 3) AS p90_talk_s
  FROM told
 -- Of an account that doesn't load lost calls, only those that were answered are known.
 CROSS JOIN LATERAL (SELECT CASE WHEN grain <> 'call' OR NOT EXISTS (
                                SELECT FROM ops.accounts a WHERE a.account = told.account AND 'abandoned' <> ALL (tells))
                            THEN offered END AS offered_calls) o
 -- An IVR doesn't know who answered, and who answered nobody isn't recorded: no rate follows.
 CROSS JOIN LATERAL (SELECT CASE WHEN grain IN ('call', 'callback_request') AND is_mixed IS NOT TRUE
                            THEN nullif(offered_calls, 0)::float8 END AS tried) t
