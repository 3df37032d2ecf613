-- What a run has asked of vendors, by account and stream, and when it asked last.
SELECT account, stream, count(*) AS requests, max(requested_at) AS asked_at
  FROM ops.requests
 WHERE run_id = :run AND requested_at > now() - interval '2 days'
 GROUP BY account, stream
 ORDER BY asked_at DESC;
