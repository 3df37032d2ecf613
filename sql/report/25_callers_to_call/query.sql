-- Callers whom nobody has called back or reached since, the latest first. Without personal data they
-- have a key in place of their number: the same in every call of theirs (facts.calls.caller_key).
WITH caller AS (
    SELECT DISTINCT ON (account, caller_key) account, call_date, queue_name, caller_key, missed_calls,
           last_missed_at, hours_open, tried_at, reached_at
      FROM marts.missed_callers
     WHERE call_date BETWEEN :first AND :last AND account = ANY(:accounts)
     ORDER BY account, caller_key, last_missed_at DESC
)
SELECT CASE WHEN :pii THEN number ELSE caller_key END AS caller, account, queue_name AS queue,
       -- Without a today the server doesn't know the time zone.
       CASE WHEN today IS NOT NULL THEN last_missed_at AT TIME ZONE timezone END AS last_missed, missed_calls AS missed_that_day,
       round(hours_open::numeric, 1) AS hours_waiting
  FROM caller m JOIN marts.accounts USING (account)
 CROSS JOIN LATERAL (
    SELECT max(coalesce(from_e164, from_number)) AS number FROM masked.calls c
     WHERE c.call_date = m.call_date AND c.account = m.account AND c.caller_key = m.caller_key
       AND c.direction = 'inbound'
 ) n
 WHERE tried_at IS NULL AND reached_at IS NULL
 ORDER BY last_missed_at DESC, account, caller_key
 LIMIT 200
