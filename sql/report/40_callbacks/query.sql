-- How many callback requests came to each attempt, and what it brought. The tenth and later are one.
WITH attempt AS (
    SELECT least(attempt_no, 10) AS attempt_no, sum(attempts) AS attempts, sum(answered_attempts) AS answered,
           sum(unanswered_attempts) AS unanswered, sum(given_up_requests) AS given_up, sum(open_attempts) AS open
      FROM marts.callback_funnel_by_day
     WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts)
     GROUP BY 1
)
SELECT attempt_no AS attempt, result, requests, attempts AS requests_in_all,
       answered::float8 / nullif(answered + unanswered, 0) AS success
  FROM attempt
 CROSS JOIN LATERAL (VALUES (1, 'connected', answered), (2, 'tried again', unanswered - given_up),
                            (3, 'given up', given_up), (4, 'still to come', open),
                            (5, 'not told', attempts - answered - unanswered - open)) AS r (place, result, requests)
 WHERE requests > 0
 ORDER BY attempt_no, place
