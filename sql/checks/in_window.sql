-- Facts whose start isn't in the day that they stand in, by the account's clocks.
WITH facts AS (
    SELECT account, call_date, started_at FROM facts.calls
     WHERE :table = 'calls' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
    UNION ALL SELECT account, call_date, started_at FROM facts.call_legs
     WHERE :table = 'call_legs' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
    UNION ALL SELECT account, call_date, started_at FROM facts.recordings
     WHERE :table = 'recordings' AND call_date = ANY(:days) AND account = ANY(:accounts) AND stream = :stream
)
SELECT f.account, f.call_date,
       format('%s fact(s) began on another day of %s: was the account''s timezone changed? Materialise the facts asset of this day to rebuild it',
              count(*), a.timezone) AS note
  FROM facts f
  JOIN unnest(CAST(:accounts AS text[]), CAST(:timezones AS text[])) AS a (account, timezone) USING (account)
 WHERE (f.started_at AT TIME ZONE a.timezone)::date <> f.call_date
 GROUP BY f.account, f.call_date, a.timezone;
