CREATE OR REPLACE FUNCTION ops.build_callbacks_by_day(p_day date)
RETURNS SETOF marts.callbacks_by_day LANGUAGE sql STABLE AS $$
    WITH request AS (
        SELECT account, vendor, coalesce(queue_name, queue_id) AS queue_name, attempt_no, talk_s,
               CASE WHEN missing_since IS NULL
                    THEN facts.outcome(disposition, direction, is_final) ELSE 'missing' END AS outcome
          FROM facts.calls WHERE call_date = p_day AND grain = 'callback_request'
    )
    SELECT p_day, account, vendor, queue_name, attempt_no,
           count(*) FILTER (WHERE outcome <> 'missing'),
           count(*) FILTER (WHERE outcome = 'answered'),
           count(*) FILTER (WHERE outcome = 'unanswered'),
           count(*) FILTER (WHERE outcome = 'open'),
           count(*) FILTER (WHERE outcome = 'not_offered'),
           count(*) FILTER (WHERE outcome = 'missing'),
           sum(talk_s) FILTER (WHERE outcome <> 'missing')
      FROM request GROUP BY account, vendor, queue_name, attempt_no
$$;
