SELECT vendor, count(*) AS calls,
       count(*) FILTER (WHERE disposition = 'answered') AS answered,
       round(avg(talk_s) FILTER (WHERE disposition = 'answered')) AS average_talk_s,
       max(call_date) AS newest_day
  FROM facts.calls
 GROUP BY vendor
 ORDER BY vendor
