-- An account's figures by grain and direction. NULL: the vendor doesn't tell. An account of which
-- nothing is there has a row without a grain.
WITH figures AS (
    SELECT account, grain, direction, grain IN ('call', 'callback_request') AS is_offered,
           sum(calls) AS calls, CASE WHEN count(offered_calls) = count(*) THEN sum(offered_calls) END AS offered,
           sum(answered_calls) AS answered,
           sum(abandoned_calls) AS abandoned, sum(unanswered_calls) AS unanswered, sum(open_calls) AS open,
           sum(answered_in_20s) AS in_20s, sum(answered_wait_known) AS wait_known,
           sum(answered_wait_s) AS wait_s, sum(talks) AS talks, sum(talk_s) AS talk_s
      FROM marts.calls_by_day
     WHERE call_date BETWEEN :first AND :last
     GROUP BY account, grain, direction
    HAVING sum(calls) > 0
)
SELECT a.account, a.vendor, f.grain, f.direction, f.calls, f.open AS open_calls,
       CASE WHEN is_offered THEN offered END AS offered,
       CASE WHEN is_offered THEN answered END AS answered,
       CASE WHEN is_offered AND tells_abandoned AND direction <> 'outbound' THEN abandoned END AS abandoned,
       CASE WHEN is_offered THEN unanswered END AS unanswered,
       CASE WHEN is_offered THEN answered::float8 / nullif(offered, 0) END AS answer_rate,
       CASE WHEN is_offered AND tells_abandoned AND direction <> 'outbound'
            THEN abandoned::float8 / nullif(offered, 0) END AS abandonment_rate,
       in_20s::float8 / nullif(wait_known, 0) AS service_level_20s, wait_known,
       wait_s / nullif(wait_known, 0) AS asa_s,
       talk_s / nullif(talks, 0) AS avg_talk_s, talk_s
  FROM marts.accounts a LEFT JOIN figures f USING (account)
 WHERE a.account = ANY(:accounts)
 ORDER BY a.account, f.grain, f.direction
