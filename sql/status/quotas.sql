-- What is used of the daily quotas on the day that each vendor has now.
SELECT q.bucket, q.day, q.used, q.by_backfill,
       CASE WHEN q.exhausted_until > :now THEN q.exhausted_until END AS exhausted_until
  FROM unnest(CAST(:buckets AS text[]), CAST(:days AS date[])) AS asked (bucket, day)
  JOIN ops.quotas q USING (bucket, day);
