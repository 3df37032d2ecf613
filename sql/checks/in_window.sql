-- Facts whose start isn't in the day that they stand in, by the account's clocks.
SELECT f.account, f.call_date,
       format('%s fact(s) began on another day of %s: was the account''s timezone changed? Materialise the facts asset of this day to rebuild it',
              count(*), a.timezone) AS note
  FROM facts.{table} f
  JOIN unnest(CAST(:accounts AS text[]), CAST(:timezones AS text[])) AS a (account, timezone) USING (account)
 WHERE f.call_date = ANY(:days) AND f.stream = :stream
   AND (f.started_at AT TIME ZONE ops.known_zone(a.timezone))::date <> f.call_date
 GROUP BY f.account, f.call_date, a.timezone;
