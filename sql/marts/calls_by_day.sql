WITH call AS (
    SELECT call_date, account, vendor, grain, direction, coalesce(queue_name, queue_id) AS queue_name,
           coalesce(flow_name, flow_id) AS flow_name, missing_since IS NULL AS here,
           CASE WHEN missing_since IS NULL THEN facts.outcome(disposition, direction, is_final) END AS outcome,
           CASE WHEN missing_since IS NULL THEN wait_s END AS wait_s,
           CASE WHEN missing_since IS NULL AND talk_s > 0 THEN talk_s END AS talk_s
      FROM facts.calls WHERE call_date = :day
), counted AS (
    SELECT call_date, account, vendor, grain, direction, queue_name, flow_name,
           count(*) FILTER (WHERE here) AS calls,
           count(*) FILTER (WHERE outcome = 'answered') AS answered_calls,
           count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned_calls,
           count(*) FILTER (WHERE outcome = 'unanswered') AS unanswered_calls,
           count(*) FILTER (WHERE outcome = 'handed_on') AS handed_on_calls,
           count(*) FILTER (WHERE outcome = 'contained') AS contained_calls,
           count(*) FILTER (WHERE outcome = 'not_offered') AS not_offered_calls,
           count(*) FILTER (WHERE outcome = 'open') AS open_calls,
           count(*) FILTER (WHERE outcome = 'unknown') AS unknown_calls,
           count(*) FILTER (WHERE NOT here) AS missing_calls,
           count(*) FILTER (WHERE outcome = 'answered' AND wait_s <= 20) AS answered_in_20s,
           count(wait_s) AS waits, sum(wait_s) AS wait_s,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s) AS wait,
           count(talk_s) AS talks, sum(talk_s) AS talk_s,
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY talk_s) AS talk
      FROM call GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT counted.*, answered_calls / tried AS answer_rate, abandoned_calls / tried AS abandonment_rate,
       round((wait_s / nullif(waits, 0))::numeric, 3) AS avg_wait_s,
       round(wait[1]::numeric, 3) AS p50_wait_s, round(wait[2]::numeric, 3) AS p90_wait_s,
       round((talk_s / nullif(talks, 0))::numeric, 3) AS avg_talk_s,
       round(talk[1]::numeric, 3) AS p50_talk_s, round(talk[2]::numeric, 3) AS p90_talk_s
  FROM counted
 -- An IVR doesn't know who answered, and who answered nobody isn't recorded: no rate follows.
 CROSS JOIN LATERAL (SELECT CASE WHEN grain IN ('call', 'callback_request')
                            THEN nullif(answered_calls + abandoned_calls + unanswered_calls, 0)::float8 END AS tried) t
