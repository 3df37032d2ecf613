SELECT call_date, account, vendor, coalesce(queue_name, queue_id) AS queue_name, attempt_no,
       count(*) FILTER (WHERE missing_since IS NULL) AS requests,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'answered') AS answered_requests,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'unanswered') AS unanswered_requests,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'open') AS open_requests,
       count(*) FILTER (WHERE missing_since IS NULL AND outcome = 'not_offered') AS not_offered_requests,
       count(missing_since) AS missing_requests,
       sum(talk_s) FILTER (WHERE missing_since IS NULL AND outcome = 'answered') AS talk_s
  FROM facts.calls WHERE call_date = :day AND grain = 'callback_request'
 GROUP BY 1, 2, 3, 4, 5
