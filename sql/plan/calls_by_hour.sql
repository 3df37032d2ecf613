-- A vendor's calls of a business day by the hour of their account's own clock.
SELECT extract(hour FROM started_local)::integer AS hour, count(*) AS calls
  FROM facts.calls
 WHERE call_date = :day AND vendor = :vendor AND stream = :stream AND missing_since IS NULL
 GROUP BY 1 ORDER BY 1;
