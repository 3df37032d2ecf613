WITH request AS (
    SELECT call_date, account, vendor, coalesce(queue_name, queue_id) AS queue_name, attempt_no, talk_s,
           CASE WHEN missing_since IS NULL
                THEN facts.outcome(disposition, direction, is_final) ELSE 'missing' END AS outcome
      FROM facts.calls WHERE call_date = :day AND grain = 'callback_request'
)
SELECT call_date, account, vendor, queue_name, attempt_no,
       count(*) FILTER (WHERE outcome <> 'missing') AS requests,
       count(*) FILTER (WHERE outcome = 'answered') AS answered_requests,
       count(*) FILTER (WHERE outcome = 'unanswered') AS unanswered_requests,
       count(*) FILTER (WHERE outcome = 'open') AS open_requests,
       count(*) FILTER (WHERE outcome = 'not_offered') AS not_offered_requests,
       count(*) FILTER (WHERE outcome = 'missing') AS missing_requests,
       sum(talk_s) FILTER (WHERE outcome <> 'missing') AS talk_s
  FROM request GROUP BY call_date, account, vendor, queue_name, attempt_no
