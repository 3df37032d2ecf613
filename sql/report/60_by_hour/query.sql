-- Records by the accounts' own hours, each grain by itself.
SELECT CASE grain WHEN 'call' THEN 'Calls, ' || CASE direction WHEN 'unknown' THEN 'direction not told' ELSE direction END
                  WHEN 'ivr_session' THEN 'IVR sessions' WHEN 'callback_request' THEN 'Callback requests'
                  ELSE 'Recorded calls' END AS what,
       hour,
       CASE WHEN outcome = 'answered' THEN 'answered' WHEN outcome IN ('abandoned', 'unanswered') THEN 'not answered'
            WHEN outcome = 'handed_on' THEN 'handed on' WHEN outcome = 'contained' THEN 'ended by the IVR'
            ELSE 'open or other' END AS result,
       sum(calls) AS calls
  FROM marts.calls_by_hour
 WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts) AND calls > 0
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
