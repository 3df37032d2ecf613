SELECT call_date, requested_local::date AS requested_date, account, vendor, queue_name, attempt_no,
       count(*) AS attempts,
       count(*) FILTER (WHERE outcome = 'answered') AS answered_attempts,
       count(*) FILTER (WHERE outcome = 'unanswered') AS unanswered_attempts,
       count(*) FILTER (WHERE outcome = 'unanswered' AND is_last) AS given_up_requests,
       count(*) FILTER (WHERE outcome = 'open') AS open_attempts
  FROM facts.callback_attempts
 WHERE call_date = :day
 GROUP BY 1, 2, 3, 4, 5, 6
