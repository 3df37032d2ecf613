-- A vendor's calls of a business day by the hour of their account's own clock.
SELECT extract(hour FROM c.started_at AT TIME ZONE d.timezone)::integer AS hour, count(*) AS calls
  FROM facts.calls c JOIN ops.days d USING (account, stream, call_date)
 WHERE c.call_date = :day AND c.vendor = :vendor AND c.stream = :stream AND c.missing_since IS NULL
 GROUP BY 1 ORDER BY 1;
