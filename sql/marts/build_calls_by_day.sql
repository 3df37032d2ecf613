CREATE OR REPLACE FUNCTION ops.build_calls_by_day(p_day date)
RETURNS SETOF marts.calls_by_day LANGUAGE sql STABLE AS $$
    WITH call AS (
        SELECT account, vendor, grain, direction, coalesce(queue_name, queue_id) AS queue_name,
               coalesce(flow_name, flow_id) AS flow_name, missing_since IS NULL AS here,
               CASE WHEN missing_since IS NULL THEN facts.outcome(disposition, direction, is_final) END AS outcome,
               CASE WHEN missing_since IS NULL THEN wait_s END AS wait_s,
               CASE WHEN missing_since IS NULL AND talk_s > 0 THEN talk_s END AS talk_s
          FROM facts.calls WHERE call_date = p_day
    ), counted AS (
        SELECT account, vendor, grain, direction, queue_name, flow_name,
               count(*) FILTER (WHERE here) AS calls,
               count(*) FILTER (WHERE outcome = 'answered') AS answered,
               count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
               count(*) FILTER (WHERE outcome = 'unanswered') AS unanswered,
               count(*) FILTER (WHERE outcome = 'handed_on') AS handed_on,
               count(*) FILTER (WHERE outcome = 'contained') AS contained,
               count(*) FILTER (WHERE outcome = 'not_offered') AS not_offered,
               count(*) FILTER (WHERE outcome = 'open') AS open,
               count(*) FILTER (WHERE outcome = 'unknown') AS unknown,
               count(*) FILTER (WHERE NOT here) AS missing,
               count(*) FILTER (WHERE outcome = 'answered' AND wait_s <= 20) AS in_20s,
               count(wait_s) AS waits, sum(wait_s) AS wait_s,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s) AS wait,
               count(talk_s) AS talks, sum(talk_s) AS talk_s,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY talk_s) AS talk
          FROM call GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT p_day, account, vendor, grain, direction, queue_name, flow_name, calls,
           answered, abandoned, unanswered, handed_on, contained, not_offered, open, unknown, missing,
           answered / tried, abandoned / tried, in_20s,
           waits, wait_s, round((wait_s / nullif(waits, 0))::numeric, 3)::float8,
           round(wait[1]::numeric, 3)::float8, round(wait[2]::numeric, 3)::float8,
           talks, talk_s, round((talk_s / nullif(talks, 0))::numeric, 3)::float8,
           round(talk[1]::numeric, 3)::float8, round(talk[2]::numeric, 3)::float8
      FROM counted
     -- An IVR doesn't know who answered, and who answered nobody isn't recorded: no rate follows.
     CROSS JOIN LATERAL (SELECT CASE WHEN grain IN ('call', 'callback_request')
                                THEN nullif(answered + abandoned + unanswered, 0)::float8 END AS tried) t
$$;
