-- All requests that runs made, those included whose answer was of no use.
SELECT account, stream, count(*) AS requests FROM ops.requests
 WHERE run_id = ANY(:runs) AND account = ANY(:accounts) AND requested_at > now() - interval '8 days'
 GROUP BY account, stream;
